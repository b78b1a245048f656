package io.culvert.testkit.kube;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SelectorTest {
    private static final ObjectKey KEY = new ObjectKey(KubeKind.POD, "default", "p");
    private static final JsonObject BARE = new JsonObject();
    private static final JsonObject ON_A =
            pod("{\"metadata\":{\"labels\":{\"app\":\"x\"}},\"spec\":{\"nodeName\":\"a\"}}");
    private static final JsonObject ON_B = pod("{\"metadata\":{},\"spec\":{\"nodeName\":\"b\"}}");

    @Test
    void termsMustAllHold() throws Exception {
        assertThat(matches("spec.nodeName=a", "app=x", ON_A)).isTrue();
        assertThat(matches("spec.nodeName==a", "app", ON_A)).isTrue();
        assertThat(matches("spec.nodeName=a", "app!=x", ON_A)).isFalse();
        assertThat(matches("spec.nodeName!=a", "", ON_A)).isFalse();
        assertThat(matches("spec.nodeName=a,metadata.name=q", "", ON_A)).isFalse();
        assertThat(matches("", "!app", ON_A)).isFalse();
        assertThat(matches("", "!app", ON_B)).isTrue();
    }

    @Test
    void namespaceNarrows() throws Exception {
        assertThat(Selector.parse("default", "", "").matches(KEY, ON_A)).isTrue();
        assertThat(Selector.parse("other", "", "").matches(KEY, ON_A)).isFalse();
    }

    @Test
    void refusesWhatItDoesNotUnderstand() {
        assertThatExceptionOfType(Selector.UnsupportedSelectorException.class)
                .isThrownBy(() -> Selector.parse("", "", "app in (a)"))
                .withMessageContaining("app in (a)");
        assertThatExceptionOfType(Selector.UnsupportedSelectorException.class)
                .isThrownBy(() -> Selector.parse("", "spec.nodeName", ""));
    }

    @Test
    void watchSeesWhatComesIntoViewAndWhatLeaves() throws Exception {
        Selector onA = Selector.parse("", "spec.nodeName=a", "");
        assertThat(type(BARE, ON_A, onA)).isEqualTo("ADDED");
        assertThat(type(ON_B, ON_A, onA)).isEqualTo("ADDED");
        assertThat(type(ON_A, ON_A, onA)).isEqualTo("MODIFIED");
        assertThat(type(ON_A, ON_B, onA)).isEqualTo("DELETED");
        assertThat(type(ON_A, BARE, onA)).isEqualTo("DELETED");
        assertThat(WatchEvents.of(new KubeStore.Change(7, KEY, ON_B, BARE), onA))
                .isEmpty();
    }

    @Test
    void mergePatchMergesReplacesAndRemoves() {
        JsonObject target = pod("{\"a\":{\"b\":1,\"c\":[1,2]},\"d\":\"e\"}");
        Json.mergePatch(target, pod("{\"a\":{\"b\":null,\"c\":[3]},\"d\":{\"f\":1},\"none\":null}"));
        assertThat(target).isEqualTo(pod("{\"a\":{\"c\":[3]},\"d\":{\"f\":1}}"));
    }

    private static String type(JsonObject before, JsonObject after, Selector selector) {
        Optional<String> event = WatchEvents.of(new KubeStore.Change(7, KEY, before, after), selector);
        return Json.text(pod(event.orElseThrow()), "type");
    }

    private static boolean matches(String fields, String labels, JsonObject object)
            throws Selector.UnsupportedSelectorException {
        return Selector.parse("", fields, labels).matches(KEY, object);
    }

    private static JsonObject pod(String json) {
        return JsonParser.parseString(json).getAsJsonObject();
    }
}
