package io.culvert.linux.nftables;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that a table holds, in a form in which two tables of the same content are equal: chains and sets by name, rules
 * in order, elements by address. What is wanted and what {@link NfTables#dump} found are both of this type.
 *
 * @param active false for a table that somebody switched off (NFT_TABLE_F_DORMANT)
 * @param elements by the name of their set, then by the text of their address
 */
public record NfTableContent(
        NfTable table,
        boolean active,
        SortedMap<String, NfChain> chains,
        SortedMap<String, List<NfRule>> rules,
        SortedMap<String, NfSet> sets,
        SortedMap<String, SortedMap<String, NfElement>> elements) {

    public static Builder of(NfTable table) {
        return new Builder(table);
    }

    /** Whether chains and rules are the same, whatever the sets hold: sets change while rules stay. */
    public boolean hasSameRules(NfTableContent other) {
        return table.equals(other.table)
                && active == other.active
                && chains.equals(other.chains)
                && rules.equals(other.rules);
    }

    /** In order; none for a chain that is not there. */
    public List<NfRule> rulesOf(String chain) {
        return rules.getOrDefault(chain, List.of());
    }

    /** By address; none for a set that is not there. */
    public Collection<NfElement> elementsOf(String set) {
        SortedMap<String, NfElement> found = elements.get(set);
        return found == null ? List.of() : found.values();
    }

    /** Collects a content; not for several threads. */
    public static final class Builder {
        private final NfTable table;
        private final TreeMap<String, NfChain> chains = new TreeMap<>();
        private final Map<String, List<NfRule>> rules = new HashMap<>();
        private final TreeMap<String, NfSet> sets = new TreeMap<>();
        private final Map<String, TreeMap<String, NfElement>> elements = new HashMap<>();

        private boolean active = true;

        private Builder(NfTable table) {
            this.table = table;
        }

        public Builder chain(NfChain chain) {
            chains.put(chain.name(), chain);
            rules.putIfAbsent(chain.name(), new ArrayList<>());
            return this;
        }

        /** Appends a rule to a chain that was given before. */
        public Builder rule(String chain, NfRule rule) {
            List<NfRule> list = rules.get(chain);
            if (list == null) {
                throw new IllegalArgumentException("no chain " + chain + " in table " + table);
            }
            list.add(rule);
            return this;
        }

        public Builder set(NfSet set) {
            sets.put(set.name(), set);
            elements.putIfAbsent(set.name(), new TreeMap<>());
            return this;
        }

        /** Adds an element to a set that was given before. */
        public Builder element(String set, NfElement element) {
            TreeMap<String, NfElement> map = elements.get(set);
            if (map == null) {
                throw new IllegalArgumentException("no set " + set + " in table " + table);
            }
            map.put(element.address().getHostAddress(), element);
            return this;
        }

        Builder active(boolean isActive) {
            active = isActive;
            return this;
        }

        boolean hasChain(String name) {
            return chains.containsKey(name);
        }

        public NfTableContent build() {
            TreeMap<String, List<NfRule>> frozenRules = new TreeMap<>();
            rules.forEach((chain, list) -> frozenRules.put(chain, List.copyOf(list)));
            TreeMap<String, SortedMap<String, NfElement>> frozenElements = new TreeMap<>();
            elements.forEach(
                    (set, map) -> frozenElements.put(set, Collections.unmodifiableSortedMap(new TreeMap<>(map))));
            return new NfTableContent(
                    table,
                    active,
                    Collections.unmodifiableSortedMap(new TreeMap<>(chains)),
                    Collections.unmodifiableSortedMap(frozenRules),
                    Collections.unmodifiableSortedMap(new TreeMap<>(sets)),
                    Collections.unmodifiableSortedMap(frozenElements));
        }
    }
}
