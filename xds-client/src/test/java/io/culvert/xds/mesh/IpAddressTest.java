package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpAddressTest {
    @ParameterizedTest
    @CsvSource({
        "10.0.0.1, 10.0.0.1",
        "255.255.255.255, 255.255.255.255",
        "::ffff:10.0.0.1, 10.0.0.1",
        "::, ::",
        "::1, ::1",
        "1::, 1::",
        "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "fd00:10:244:2::6, fd00:10:244:2::6",
        "0:0:1:0:0:0:0:0, 0:0:1::",
        "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
    })
    void writesAddressesAsRfc5952Says(String given, String canonical) {
        assertThat(IpAddress.parse(given)).hasToString(canonical);
        assertThat(IpAddress.parse(canonical)).isEqualTo(IpAddress.parse(given));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "10.0.0", "10.0.0.256", "10.0.0.01", "1.2.3.4.5", "localhost", "fe80::1%eth0", "[::1]", ":::"
            })
    void refusesWhatIsNoAddress(String text) {
        assertThat(IpAddress.tryParse(text)).isEmpty();
        assertThatThrownBy(() -> IpAddress.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("failed to parse address: " + text);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 5, 15, 17})
    void refusesOtherLengths(int bytes) {
        assertThatThrownBy(() -> IpAddress.of(new byte[bytes]))
                .hasMessage("failed to parse address, had " + bytes + " bytes");
    }

    @Test
    void agreesWithTheJdkOnRandomAddresses() throws Exception {
        long seed = 20_261_121;
        Random random = new Random(seed);
        for (int i = 0; i < 2_000; i++) {
            byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(bytes);
            if (random.nextInt(3) == 0) {
                bytes[random.nextInt(bytes.length)] = 0;
                bytes[random.nextInt(bytes.length)] = 0;
            }
            InetAddress expected = InetAddress.getByAddress(bytes);
            IpAddress address = IpAddress.of(bytes);
            assertThat(address.toInetAddress()).as("seed %s", seed).isEqualTo(expected);
            assertThat(IpAddress.parse(address.toString())).isEqualTo(address);
            assertThat(address.isLoopback()).isEqualTo(expected.isLoopbackAddress());
        }
    }

    @Test
    void knowsLoopback() {
        assertThat(IpAddress.parse("127.1.2.3").isLoopback()).isTrue();
        assertThat(IpAddress.parse("::1").isLoopback()).isTrue();
        assertThat(IpAddress.parse("128.0.0.1").isLoopback()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1/24, 127.0.0.2, true",
        "127.0.0.1/24, 127.0.1.2, false",
        "0.0.0.0/0, 8.8.8.8, true",
        "0.0.0.0/0, ::1, false",
        "::/0, ::1, true",
        "::/0, 8.8.8.8, false",
        "10.0.0.1/32, 10.0.0.1, true",
        "10.0.0.1/32, 10.0.0.2, false",
        "fd00::/64, fd00::ffff:1, true",
        "fd00::/64, fd00:0:0:1::, false",
        "fd00::/65, fd00:0:0:0:8000::, false",
        "fd00::/127, fd00::1, true",
        "fd00::/127, fd00::2, false",
    })
    void containsWhatSharesThePrefix(String cidr, String address, boolean contained) {
        assertThat(Cidr.parse(cidr).orElseThrow().contains(IpAddress.parse(address)))
                .isEqualTo(contained);
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "x/8", "::/129", "::/9999999999"})
    void refusesWhatIsNoRange(String text) {
        assertThat(Cidr.parse(text)).isEmpty();
    }
}
