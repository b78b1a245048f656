package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which objects of a collection a list or watch is about: namespace, field selector and label selector. Of the
 * selectors' language there is {@code a=b}, {@code a==b}, {@code a!=b}, and for labels {@code a} and {@code !a}.
 */
record Selector(String namespace, List<Predicate<JsonObject>> terms) {
    /** @throws UnsupportedSelectorException for anything else of the language */
    static Selector parse(String namespace, String fields, String labels) throws UnsupportedSelectorException {
        List<Predicate<JsonObject>> terms = new ArrayList<>();
        for (String term : split(fields)) {
            terms.add(field(term));
        }
        for (String term : split(labels)) {
            terms.add(label(term));
        }
        return new Selector(namespace, terms);
    }

    private static String[] split(String selector) {
        return selector.isEmpty() ? new String[0] : selector.split(",", -1);
    }

    private static Predicate<JsonObject> field(String term) throws UnsupportedSelectorException {
        Comparison comparison = Comparison.parse(term);
        String[] path = comparison.key().split("\\.", -1);
        return object -> comparison.value().equals(Json.text(object, path)) == comparison.equal();
    }

    private static Predicate<JsonObject> label(String term) throws UnsupportedSelectorException {
        if (term.matches("!?[-A-Za-z0-9_./]+")) {
            boolean wanted = !term.startsWith("!");
            String key = wanted ? term : term.substring(1);
            return object -> labels(object).containsKey(key) == wanted;
        }
        Comparison comparison = Comparison.parse(term);
        return object -> comparison.value().equals(labels(object).get(comparison.key())) == comparison.equal();
    }

    private static Map<String, String> labels(JsonObject object) {
        return Json.map(object, "metadata", "labels");
    }

    boolean matches(ObjectKey key, JsonObject object) {
        return (namespace.isEmpty() || key.namespace().equals(namespace))
                && terms.stream().allMatch(term -> term.test(object));
    }

    private record Comparison(String key, String value, boolean equal) {
        static Comparison parse(String term) throws UnsupportedSelectorException {
            int at = term.indexOf('=');
            if (at < 1 || term.indexOf('(') >= 0) {
                throw new UnsupportedSelectorException("selector '" + term + "' is not understood; use a=b or a!=b");
            }
            boolean equal = term.charAt(at - 1) != '!';
            String value = term.substring(at + 1);
            return new Comparison(
                    term.substring(0, equal ? at : at - 1).trim(),
                    (value.startsWith("=") ? value.substring(1) : value).trim(),
                    equal);
        }
    }

    /** A selector that this stand-in does not know. */
    static final class UnsupportedSelectorException extends Exception {
        private static final long serialVersionUID = 1;

        UnsupportedSelectorException(String message) {
            super(message);
        }
    }
}
