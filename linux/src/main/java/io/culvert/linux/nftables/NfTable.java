package io.culvert.linux.nftables;

/** The name of a table; the same name in two families is two tables. */
public record NfTable(NfFamily family, String name) {
    public NfTable {
        Names.check(name);
    }

    @Override
    public String toString() {
        return family + " " + name;
    }
}
