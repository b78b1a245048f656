package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class FailuresTest {

    private static final Status REFUSED = Status.UNAUTHENTICATED.withDescription("authentication failure");

    @Test
    void aRefusalSaysWhereTheTokenCameFrom() {
        assertThat(Failures.describe(REFUSED, new Token.InFile(Path.of("/var/token"))))
                .isEqualTo("UNAUTHENTICATED: authentication failure (the token is that of /var/token)");
        assertThat(Failures.describe(REFUSED, new Token.None()))
                .isEqualTo("UNAUTHENTICATED: authentication failure (no token was sent)");
        assertThat(Failures.detail(REFUSED, new Token.Literal("secret")))
                .isEqualTo("authentication failure (the token is the value of AUTH_TOKEN)")
                .doesNotContain("secret");
    }

    @Test
    void otherFailuresDoNotSpeakOfTokens() {
        assertThat(Failures.describe(Status.UNAVAILABLE.withDescription("gone"), new Token.None()))
                .isEqualTo("UNAVAILABLE: gone");
    }

    @Test
    void theInnermostCauseIsTold() {
        Status wrapped = Status.UNAVAILABLE
                .withDescription("io exception\nof a pipeline")
                .withCause(new IllegalStateException("outer", new IllegalStateException("inner")));
        assertThat(Failures.describe(wrapped, new Token.None())).isEqualTo("UNAVAILABLE: io exception: inner");
    }
}
