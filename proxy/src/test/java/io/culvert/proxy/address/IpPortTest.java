package io.culvert.proxy.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IpPortTest {

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.1:80", "[::1]:15008", "[2001:db8::1]:0", "255.255.255.255:65535"})
    void readsBackWhatItPrints(String text) {
        assertThat(IpPort.parse(text))
                .hasValueSatisfying(address -> assertThat(address).hasToString(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                "10.0.0.1",
                "10.0.0.1:",
                ":80",
                "::1:80",
                "[10.0.0.1]:80",
                "[::1]",
                "10.0.0.1:65536",
                "10.0.0.1:-1",
                "10.0.0.1:+1",
                "host:80",
                "[::1:80",
                "10.0.0.1:080000",
                "10.0.0.1 :80"
            })
    void refusesWhatIsNoAddressWithAPort(String text) {
        assertThat(IpPort.parse(text)).isEmpty();
    }

    @Test
    void unmapsWhatADualStackSocketReports() throws Exception {
        byte[] mapped = new byte[16];
        mapped[10] = mapped[11] = (byte) 0xff;
        mapped[12] = 10;
        mapped[15] = 7;
        InetAddress address = InetAddress.getByAddress(mapped);
        assertThat(IpPort.of(new InetSocketAddress(address, 80))).hasToString("10.0.0.7:80");
    }

    @Test
    void neverResolvesNames() {
        assertThatThrownBy(() -> IpPort.of(InetSocketAddress.createUnresolved("example.com", 80)))
                .hasMessageContaining("example.com");
    }
}
