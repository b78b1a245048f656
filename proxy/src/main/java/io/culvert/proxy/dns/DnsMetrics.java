package io.culvert.proxy.dns;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.Labels;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.mesh.Workload;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The {@code istio_dns_*} families (ztunnel dns/metrics.rs), and what was refused. Counted on data loops, written on
 * the admin thread.
 *
 * <p>The number of label sets is bounded by {@link #SERIES_MAX}; those beyond are counted under a set of unknowns. Sets
 * that nobody has used for a while are dropped, as those of connections are.
 */
public final class DnsMetrics implements MetricSource {

    /** About 1 KiB each. Types and protocols are few, so this is hundreds of services on one node. */
    static final int SERIES_MAX = 2_000;

    private static final String UNKNOWN = "unknown";

    /** Upper bounds of the histogram, in microseconds and as they are printed. */
    private static final long[] BOUNDS_MICROS = {500, 1_000, 10_000, 100_000, 1_000_000, 5_000_000};

    private static final String[] BOUNDS = {"0.0005", "0.001", "0.01", "0.1", "1.0", "5.0", "+Inf"};

    private final ConcurrentHashMap<Key, Series> series = new ConcurrentHashMap<>();
    private final Map<Refused, LongAdder> refused = new EnumMap<>(Refused.class);

    /** Why something that came to a DNS listener was not answered as it should have been. */
    public enum Refused {
        MALFORMED("malformed", "a message that is no query"),
        NOT_A_QUERY("not_a_query", "a message that may not be answered"),
        TOO_LONG("too_long", "a datagram of more than 4096 bytes"),
        QUESTIONS("questions", "256 of its questions wait for an answer: its resolver is slow, or the pod floods it"),
        CONNECTIONS("connections", "64 connections are open, which is more than questions need");

        private final String label;
        private final String text;

        Refused(String label, String text) {
            this.label = label;
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    public DnsMetrics() {
        for (Refused why : Refused.values()) {
            refused.put(why, new LongAdder());
        }
    }

    private record Key(String type, String protocol, String service, String revision) {
        static final Key OVERFLOW = new Key(UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);

        static Key of(RecordType type, Client.Protocol protocol, @Nullable Workload asking) {
            return new Key(
                    type.label(),
                    protocol.label(),
                    asking == null ? UNKNOWN : orUnknown(asking.canonicalName()),
                    asking == null ? UNKNOWN : orUnknown(asking.canonicalRevision()));
        }

        private static String orUnknown(String text) {
            return text.isEmpty() ? UNKNOWN : text;
        }

        String render(String bound) {
            Labels labels = new Labels();
            if (!bound.isEmpty()) {
                labels.add("le", bound);
            }
            return labels.add("request_query_type", type)
                    .add("request_protocol", protocol)
                    .add("source_canonical_service", service)
                    .add("source_canonical_revision", revision)
                    .toString();
        }
    }

    private static final class Series {
        final LongAdder requests = new LongAdder();
        final LongAdder forwarded = new LongAdder();
        final LongAdder failed = new LongAdder();
        final LongAdder nanos = new LongAdder();
        final LongAdder[] buckets = new LongAdder[BOUNDS.length];
        volatile long usedAtNanos;

        Series() {
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }
    }

    /** A question; nobody is known to have asked if {@code asking} is null. */
    void asked(RecordType type, Client.Protocol protocol, @Nullable Workload asking, long nowNanos) {
        find(type, protocol, asking, nowNanos).requests.increment();
    }

    /** A question that went to a resolver, and is done. */
    void forwarded(
            RecordType type,
            Client.Protocol protocol,
            @Nullable Workload asking,
            boolean failed,
            long tookNanos,
            long nowNanos) {
        Series one = find(type, protocol, asking, nowNanos);
        one.requests.increment();
        one.forwarded.increment();
        if (failed) {
            one.failed.increment();
        }
        one.nanos.add(tookNanos);
        int bucket = 0;
        while (bucket < BOUNDS_MICROS.length && tookNanos > BOUNDS_MICROS[bucket] * 1_000) {
            bucket++;
        }
        one.buckets[bucket].increment();
    }

    void refused(Refused why) {
        Objects.requireNonNull(refused.get(why)).increment();
    }

    private Series find(RecordType type, Client.Protocol protocol, @Nullable Workload asking, long nowNanos) {
        Key key = Key.of(type, protocol, asking);
        Series found = series.get(key);
        if (found == null) {
            Key kept = series.size() < SERIES_MAX ? key : Key.OVERFLOW;
            found = series.computeIfAbsent(kept, ignored -> new Series());
        }
        found.usedAtNanos = nowNanos;
        return found;
    }

    /** Drops what nobody has used for longer than {@code seconds}. For a timer on the control thread. */
    public void expireIdle(long seconds, long nowNanos) {
        long limit = TimeUnit.SECONDS.toNanos(seconds);
        series.values().removeIf(one -> nowNanos - one.usedAtNanos > limit);
    }

    @Override
    public void write(Exposition out) {
        counter(out, "istio_dns_requests", "Total number of DNS requests (unstable).", one -> one.requests.sum());
        counter(
                out,
                "istio_dns_upstream_requests",
                "Total number of DNS requests forwarded to upstream (unstable).",
                one -> one.forwarded.sum());
        counter(
                out,
                "istio_dns_upstream_failures",
                "Total number of DNS requests that failed to forward upstream (unstable).",
                one -> one.failed.sum());
        histogram(out);
        writeRefused(out);
    }

    private void counter(Exposition out, String name, String help, ToLongFunction<Series> value) {
        if (series.values().stream().anyMatch(one -> value.applyAsLong(one) > 0)) {
            out.family(name, "counter", help);
            series.forEach((key, one) -> {
                long count = value.applyAsLong(one);
                if (count > 0) {
                    out.sample(name + "_total", key.render(""), count);
                }
            });
        }
    }

    private void histogram(Exposition out) {
        if (series.values().stream().noneMatch(one -> one.forwarded.sum() > 0)) {
            return;
        }
        String name = "istio_dns_upstream_request_duration_seconds";
        out.family(
                name,
                "histogram",
                "Total time in seconds Istio takes to get DNS response from upstream (unstable).",
                "seconds");
        series.forEach((key, one) -> {
            if (one.forwarded.sum() > 0) {
                samples(out, name, key, one);
            }
        });
    }

    private static void samples(Exposition out, String name, Key key, Series one) {
        long[] cumulative = new long[BOUNDS.length];
        long count = 0;
        for (int i = 0; i < BOUNDS.length; i++) {
            count += one.buckets[i].sum();
            cumulative[i] = count;
        }
        out.sample(name + "_sum", key.render(""), one.nanos.sum() / 1e9);
        out.sample(name + "_count", key.render(""), count);
        for (int i = 0; i < BOUNDS.length; i++) {
            out.sample(name + "_bucket", key.render(BOUNDS[i]), cumulative[i]);
        }
    }

    private void writeRefused(Exposition out) {
        if (refused.values().stream().allMatch(count -> count.sum() == 0)) {
            return;
        }
        String name = "culvert_dns_refused";
        out.family(name, "counter", "What came to the DNS proxies and was not answered, by reason (unstable).");
        refused.forEach((why, count) -> {
            if (count.sum() > 0) {
                out.sample(
                        name + "_total", new Labels().add("reason", why.label).toString(), count.sum());
            }
        });
    }
}
