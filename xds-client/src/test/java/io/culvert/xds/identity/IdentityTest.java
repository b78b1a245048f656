package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IdentityTest {
    @Test
    void readsAndWritesTheUri() {
        Identity identity = Identity.parse("spiffe://td/ns/a/sa/b").orElseThrow();

        assertThat(identity).isEqualTo(new Identity("td", "a", "b")).hasToString("spiffe://td/ns/a/sa/b");
        assertThat(identity.principal()).isEqualTo("td/ns/a/sa/b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "td/ns/a/sa/b",
                "SPIFFE://td/ns/a/sa/b",
                "spiffe://td/ns/a/sa",
                "spiffe://td/ns/a/sa/b/c",
                "spiffe://td/ns/a/sa/b/",
                "spiffe://td/xx/a/sa/b",
                "spiffe://td/ns/a/xx/b",
                "spiffe://td/NS/a/sa/b"
            })
    void refusesAnythingElse(String text) {
        assertThat(Identity.parse(text)).isEmpty();
    }
}
