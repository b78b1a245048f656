package io.culvert.proxy.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Optional;

/**
 * How many event loops: what is set, else ProxyConfig's concurrency, else by the container's CPU, never less than one
 * (ztunnel config.rs: parse_worker_threads).
 *
 * <p>Where nothing is set, the original takes two threads at least. Here a machine of one or two CPUs gets one loop: it
 * shares them with the pods, one loop carries more than one CPU's worth of their traffic, and what two loops would
 * hand to each other is saved (docs/performance.md has the measurement).
 */
final class WorkerThreads {

    private static final int THREADS_MAX = 1024;
    private static final int CPUS_OF_ONE_LOOP = 2;
    private static final BigDecimal HUNDRED = BigDecimal.valueOf(100);

    private final Environment env;
    private final Optional<Integer> concurrency;
    private final int cpus;

    /**
     * @param concurrency 0: all CPUs
     */
    WorkerThreads(Environment env, Optional<Integer> concurrency, int cpus) {
        this.env = env;
        this.concurrency = concurrency;
        this.cpus = cpus;
    }

    int count() throws ConfigException {
        Optional<Integer> limit = quantity("ZTUNNEL_RESOURCE_CPU_LIMIT");
        Optional<Integer> request = quantity("ZTUNNEL_RESOURCE_CPU_REQUEST");
        Optional<Integer> chartLimit =
                env.optionalNumber("ZTUNNEL_CPU_LIMIT", THREADS_MAX).map(Math::toIntExact);
        int effective = limit.or(() -> chartLimit).filter(n -> n > 0).orElse(cpus);
        Optional<Integer> explicit = explicit(effective);
        if (explicit.isPresent()) {
            return explicit.get();
        }
        if (concurrency.isPresent()) {
            return concurrency.get() > 0 ? concurrency.get() : effective;
        }
        int floor = request.orElse(0);
        return limit.isPresent()
                ? Math.max(1, Math.max(limit.get(), floor))
                : Math.max(effective <= CPUS_OF_ONE_LOOP ? 1 : 2, Math.max((effective + 3) / 4, floor));
    }

    private Optional<Integer> explicit(int effectiveCpus) throws ConfigException {
        String name = "ZTUNNEL_WORKER_THREADS";
        String text = env.text(name, "");
        if (!text.endsWith("%")) {
            return env.optionalNumber(name, THREADS_MAX, "invalid number: ")
                    .map(number -> number == 0 ? effectiveCpus : Math.toIntExact(number));
        }
        String digits = text.substring(0, text.length() - 1);
        if (!digits.matches("-?[0-9]{1,9}(\\.[0-9]{1,9})?")) {
            throw ConfigException.invalid(name, text, "invalid percentage: invalid float literal");
        }
        BigDecimal percent = new BigDecimal(digits);
        if (percent.signum() <= 0 || percent.compareTo(HUNDRED) > 0) {
            throw ConfigException.invalid(name, text, "percentage must be between 0 and 100");
        }
        BigDecimal threads = percent.multiply(BigDecimal.valueOf(effectiveCpus)).movePointLeft(2);
        return Optional.of(Math.max(1, threads.setScale(0, RoundingMode.UP).intValue()));
    }

    /** A Kubernetes quantity of CPUs, rounded up. */
    private Optional<Integer> quantity(String name) throws ConfigException {
        String text = env.text(name, "");
        if (text.matches("0+(\\.0+)?m?") || text.matches("-[0-9.]+m?")) {
            throw ConfigException.invalid(name, text, "must be a positive CPU quantity");
        }
        return env.parse(
                name,
                "invalid float literal: expected a quantity of CPUs such as 500m or 1.5",
                WorkerThreads::roundedUp);
    }

    private static Optional<Integer> roundedUp(String text) {
        if (!text.matches("[0-9]{1,9}(\\.[0-9]{1,9})?m?")) {
            return Optional.empty();
        }
        boolean milli = text.endsWith("m");
        BigDecimal value = new BigDecimal(milli ? text.substring(0, text.length() - 1) : text);
        BigDecimal whole = (milli ? value.movePointLeft(3) : value).setScale(0, RoundingMode.UP);
        return whole.intValue() > THREADS_MAX ? Optional.empty() : Optional.of(whole.intValue());
    }
}
