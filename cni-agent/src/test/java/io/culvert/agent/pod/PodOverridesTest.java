package io.culvert.agent.pod;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.pod.PodOverrides.DnsCapture;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PodOverridesTest {
    private static final PodRef POD = new PodRef("ns", "pod");

    @Test
    void overridesNothingWithoutAnnotations() {
        assertThat(PodOverrides.of(POD, Map.of())).isEqualTo(PodOverrides.NONE);
    }

    @ParameterizedTest
    @CsvSource({"true,ON", "T,ON", "1,ON", "false,OFF", "0,OFF", "tweedledum,DEFAULT", "yes,DEFAULT", "tRUE,DEFAULT"})
    void readsDnsCaptureByGosAlphabet(String value, DnsCapture expected) {
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.DNS_CAPTURE, value)).dnsCapture())
                .isEqualTo(expected);
    }

    @Test
    void readsIngressMode() {
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.BYPASS_INBOUND, "true"))
                        .ingressMode())
                .isTrue();
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.BYPASS_INBOUND, "garbage"))
                        .ingressMode())
                .isFalse();
    }

    @Test
    void readsInterfacesInOrderAndDropsEmpties() {
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.VIRTUAL_INTERFACES, " en1ps1, en0ps1 ,,"))
                        .virtualInterfaces())
                .extracting(InterfaceName::value)
                .containsExactly("en1ps1", "en0ps1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "eth0;drop", "x\ny", "-j", "averyveryverylongname", "eth0/1", "{", "1eth"})
    void keepsHostileNamesFromTheKernel(String name) {
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.VIRTUAL_INTERFACES, "good0," + name))
                        .virtualInterfaces())
                .extracting(InterfaceName::value)
                .containsExactly("good0");
    }

    @Test
    void boundsTheNumberOfInterfaces() {
        String many = "eth0,".repeat(1000);
        assertThat(PodOverrides.of(POD, Map.of(IstioKeys.VIRTUAL_INTERFACES, many))
                        .virtualInterfaces())
                .hasSize(64);
    }
}
