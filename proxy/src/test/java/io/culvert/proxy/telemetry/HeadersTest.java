package io.culvert.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadersTest {

    @Test
    void describesAWorkloadInTheOrderOfTheOriginal() {
        assertThat(Baggage.of(GoldenScenario.A0).header())
                .isEqualTo("k8s.cluster.name=Kubernetes,k8s.namespace.name=default,k8s.deployment.name=client,"
                        + "service.name=client,service.version=v1,cloud.region=r1,cloud.availability_zone=z1");
        assertThat(Baggage.of(GoldenScenario.A1).header()).isEqualTo("k8s.namespace.name=default");
    }

    @Test
    void readsBackWhatItWrote() {
        Baggage written = Baggage.of(GoldenScenario.A0);
        assertThat(Baggage.parse(List.of(written.header()))).isEqualTo(written);
    }

    @Test
    void ignoresWhatItDoesNotKnowAndWhatIsBroken() {
        assertThat(Baggage.parse(List.of("", ",,", "=", "a=b", "service.name=", "service.name=x=y", "nothing")))
                .isEqualTo(Baggage.EMPTY);
        assertThat(Baggage.parse(List.of("x".repeat(100_000), ",".repeat(100_000))))
                .isEqualTo(Baggage.EMPTY);
    }

    @Test
    void aPeerKnownByBaggageHasItsWorkloadAsApp() {
        PeerFacts facts = PeerFacts.of(Baggage.parse(List.of("k8s.pod.name=w,service.name=s,service.version=v")));
        assertThat(facts.app()).isEqualTo("w");
        assertThat(facts.canonicalService()).isEqualTo("s");
        assertThat(PeerFacts.of(Baggage.EMPTY).known()).isFalse();
    }

    @Test
    void namesClientAndService() {
        assertThat(Forwarded.header(IpPort.parse("127.0.0.1:80").orElseThrow(), ""))
                .isEqualTo("for=\"127.0.0.1:80\"");
        assertThat(Forwarded.header(IpPort.parse("[::1]:80").orElseThrow(), "")).isEqualTo("for=\"[::1]:80\"");
        assertThat(Forwarded.header(IpPort.parse("127.0.0.1:80").orElseThrow(), "example.com"))
                .isEqualTo("for=\"127.0.0.1:80\";host=example.com");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "for=\"1.2.3.4:5\";host=a.b | a.b",
                "host=\"a.b\"; for=x | a.b",
                "for=x ; host=a | a",
                "for=x | ''",
                "host= | ''",
                "host=é | ''"
            })
    void findsTheHost(String header, String host) {
        assertThat(Forwarded.host(header).orElse("")).isEqualTo(host);
    }
}
