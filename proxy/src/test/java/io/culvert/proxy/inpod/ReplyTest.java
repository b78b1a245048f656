package io.culvert.proxy.inpod;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What the agent is told and what the operator reads. */
final class ReplyTest {
    private static final List<Reply> REFUSALS = List.of(
            new Reply.StartFailed("cause"),
            new Reply.Unreadable("cause"),
            new Reply.WrongDescriptor("cause"),
            new Reply.OutOfOrder("cause"));

    @Test
    void eachRefusalHasCauseAndRemedy() {
        assertThat(REFUSALS).allSatisfy(reply -> {
            assertThat(reply.error()).startsWith("failure to ").endsWith(" : cause");
            assertThat(reply.remedy()).isNotBlank().doesNotContain(reply.error());
        });
    }

    @Test
    void successNeedsNone() {
        assertThat(new Reply.Ack().error()).isEmpty();
        assertThat(new Reply.Ack().remedy()).isEmpty();
    }

    @Test
    void whatDoesNotFitTheProtocolIsAMatterOfReleases() {
        assertThat(new Reply.Unreadable("").remedy()).contains("run agent and proxy of the same release");
        assertThat(new Reply.OutOfOrder("").remedy()).contains("run agent and proxy of the same release");
        assertThat(new Reply.WrongDescriptor("").remedy()).startsWith("see whether the agent has the node's /proc");
    }
}
