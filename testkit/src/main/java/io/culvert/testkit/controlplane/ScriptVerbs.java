package io.culvert.testkit.controlplane;

import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Function;

/** What the lines of a script mean, all but the waiting. */
final class ScriptVerbs {
    private ScriptVerbs() {}

    static Consumer<ControlPlane> parse(Words words) {
        String verb = words.word("what to do");
        return switch (verb) {
            case "ads" -> ads(words);
            case "ca" -> ca(words);
            case "remove" -> {
                ResourceType type = words.choice(ResourceType.class, "type");
                String name = words.word("a name");
                yield server -> server.edit(edit -> edit.remove(type, name));
            }
            case "unusable" -> {
                ResourceType type = words.choice(ResourceType.class, "type");
                String name = words.word("a name");
                Unusable kind = words.choice(Unusable.class, "kind");
                yield server -> server.edit(edit -> edit.putUnusable(type, name, kind));
            }
            default ->
                throw new IllegalArgumentException(
                        "'" + verb + "' is no verb; there are: wait, ads, ca, remove, unusable");
        };
    }

    private static Consumer<ControlPlane> ads(Words words) {
        String what = words.word("what to do with ads");
        return switch (what) {
            case "clear" -> server -> server.discoveryFaults().clear();
            case "close" -> {
                var status = words.status();
                yield server -> server.closeStreams(status);
            }
            case "deaf" -> {
                boolean on = words.choice(Switch.class, "switch") == Switch.ON;
                yield server -> server.deaf(on);
            }
            default -> {
                DiscoveryFault fault = discoveryFault(what, words);
                yield plan(words.times(), fault, ControlPlane::discoveryFaults);
            }
        };
    }

    private enum Switch {
        ON,
        OFF
    }

    private static DiscoveryFault discoveryFault(String what, Words words) {
        return switch (what) {
            case "drop" -> new DiscoveryFault.Drop();
            case "duplicate" -> new DiscoveryFault.Duplicate();
            case "swap" -> new DiscoveryFault.Swap();
            case "repeat-nonce" -> new DiscoveryFault.RepeatNonce();
            case "skew-versions" -> new DiscoveryFault.SkewVersions();
            case "mute" -> new DiscoveryFault.Mute();
            case "garbage" -> new DiscoveryFault.Garbage();
            case "unknown-type" -> new DiscoveryFault.UnknownType();
            case "delay" -> new DiscoveryFault.Delay(words.duration());
            case "spoil" -> new DiscoveryFault.Spoil(words.choice(Unusable.class, "kind"));
            case "end" -> new DiscoveryFault.End(words.status());
            default -> throw new IllegalArgumentException("'" + what + "' is no fault of ads");
        };
    }

    private static Consumer<ControlPlane> ca(Words words) {
        String what = words.word("what to do with ca");
        return switch (what) {
            case "clear" -> server -> server.certificateFaults().clear();
            case "renew-server" -> ControlPlane::renewServerCertificate;
            case "rotate" -> rotate(words);
            default -> {
                CertificateFault fault = certificateFault(what, words);
                yield plan(words.times(), fault, ControlPlane::certificateFaults);
            }
        };
    }

    private static CertificateFault certificateFault(String what, Words words) {
        return switch (what) {
            case "silent" -> new CertificateFault.Silent();
            case "wrong-key" -> new CertificateFault.WrongKey();
            case "slow" -> new CertificateFault.Slow(words.duration());
            case "life" -> new CertificateFault.Life(words.duration());
            case "skew" -> new CertificateFault.Skewed(words.duration());
            case "refuse" -> new CertificateFault.Refused(words.status());
            case "wrong-san" -> new CertificateFault.WrongSan(words.word("an identity"));
            case "malformed" -> new CertificateFault.Malformed(words.choice(CertificateFault.Shape.class, "shape"));
            default -> throw new IllegalArgumentException("'" + what + "' is no fault of ca");
        };
    }

    private enum Rotation {
        INTERMEDIATE,
        ADD_ROOT,
        SIGN_BY_NEWEST,
        DROP_OLD,
        REPLACE_ROOT
    }

    private static Consumer<ControlPlane> rotate(Words words) {
        Consumer<CertificateAuthority> rotation = switch (words.choice(Rotation.class, "rotation")) {
            case INTERMEDIATE -> CertificateAuthority::rotateIntermediate;
            case ADD_ROOT -> CertificateAuthority::addRoot;
            case SIGN_BY_NEWEST -> CertificateAuthority::signByNewestRoot;
            case DROP_OLD -> CertificateAuthority::dropOldRoots;
            case REPLACE_ROOT -> CertificateAuthority::replaceRoot;
        };
        return server -> rotation.accept(server.authority());
    }

    private static <F> Consumer<ControlPlane> plan(
            OptionalInt times, F fault, Function<ControlPlane, FaultPlan<F>> plan) {
        return server -> {
            if (times.isPresent()) {
                plan.apply(server).next(times.getAsInt(), fault);
            } else {
                plan.apply(server).always(fault);
            }
        };
    }
}
