package io.culvert.agent.install;

/** In which file the plugin's entry goes. Names are base names; an empty one means that it is not set. */
public sealed interface ConfigPlacement {
    /** At the end of the configuration of this name; with an empty one, of the first valid file. */
    record Chained(String name) implements ConfigPlacement {}

    /** In a file of our own that holds the primary's plugins and ours; the primary itself is left alone. */
    record Owned(String primary, String name) implements ConfigPlacement {}

    /** In a file of its own, which some other program refers to (multus). */
    record Standalone(String name) implements ConfigPlacement {}
}
