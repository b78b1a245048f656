package io.culvert.proxy.lifecycle;

import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * SIGTERM and SIGINT begin the drain; a second SIGINT ends the process at once, with status 0 (ztunnel signal.rs). To
 * be installed when start-up is complete; before that a signal ends the process as it does by default.
 *
 * <p>By the JDK's {@code sun.misc.Signal} rather than a shutdown hook: hooks run when the end is decided already, and
 * cannot tell one signal from another, or a second from the first. The class is exported for good (JEP 260), but javac
 * warns about its name in a way that no annotation silences; hence the reflection.
 */
public final class Signals {

    private static final Logger log = LoggerFactory.getLogger(Signals.class);

    private Signals() {}

    /** Ties the signals to the drain. */
    public static void install(Drain drain) {
        AtomicBoolean interrupted = new AtomicBoolean();
        handle("TERM", () -> begin("SIGTERM", drain));
        handle("INT", () -> {
            if (interrupted.getAndSet(true)) {
                log.info("double Ctrl+C, exit immediately");
                Runtime.getRuntime().halt(0);
            }
            begin("SIGINT", drain);
        });
    }

    private static void begin(String name, Drain drain) {
        log.info("received signal {}, starting shutdown", name);
        drain.begin();
    }

    private static void handle(String name, Runnable action) {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object proxy = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(),
                    new Class<?>[] {handler},
                    (self, method, arguments) -> answer(self, method.getName(), arguments, action));
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), proxy);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            throw new IllegalStateException("cannot handle SIG" + name + "; is the module jdk.unsupported missing?", e);
        }
    }

    @SuppressWarnings("ReferenceEquality") // the identity of a proxy is what equals means
    private static @Nullable Object answer(Object self, String method, Object @Nullable [] arguments, Runnable action) {
        return switch (method) {
            case "equals" -> arguments != null && self == arguments[0];
            case "hashCode" -> System.identityHashCode(self);
            case "toString" -> "signal handler";
            default -> {
                action.run();
                yield null;
            }
        };
    }
}
