package io.culvert.proxy.lifecycle;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether the JVM took the AOT cache that the launcher named. One that was made for another JDK, other jars or other
 * flags, or that is damaged, is no error: the JVM starts without it, only slower. It keeps its own several lines about
 * it to itself, and this is the one that is said instead.
 */
public final class ClassCache {

    /** Set by the launcher beside the JVM's own flag. */
    public static final String NAMED = "culvert.aot.cache";

    private ClassCache() {}

    /**
     * What is to be said, if anything.
     *
     * @param named the file, null where none was named
     * @param jvm the system property {@code java.vm.info}, which holds the word "sharing" while a cache is in use
     */
    public static Optional<String> complaint(@Nullable String named, String jvm) {
        return named == null || jvm.contains("sharing")
                ? Optional.empty()
                : Optional.of("the AOT cache " + named + " is not used: it is damaged, or was made for another JDK,"
                        + " other jars or other flags (-Xlog:aot tells which); ./culvert train makes a new one");
    }
}
