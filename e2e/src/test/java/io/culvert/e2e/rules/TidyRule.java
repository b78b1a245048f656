package io.culvert.e2e.rules;

import java.util.List;
import java.util.stream.Stream;

/** A habit that can be checked by reading the sources. */
interface TidyRule {

    /** Every place of the tree that breaks this rule. */
    Stream<Finding> check(List<SourceFile> tree);
}
