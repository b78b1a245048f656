package io.culvert.proxy.socks5;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.socks5.SocksRequest.Step;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 1928 sections 3 to 5, as far as it is spoken here. */
class SocksRequestTest {

    /** What comes of it: all steps but those that say to go on. It must not ask for a byte more than there is. */
    private static List<Step> steps(SocksRequest request, String hex, int mostAtATime) {
        byte[] all = HexFormat.of().parseHex(hex.replace(" ", ""));
        List<Step> steps = new ArrayList<>();
        for (int at = 0; at < all.length; ) {
            int some = Math.min(Math.min(request.missing(), mostAtATime), all.length - at);
            byte[] piece = new byte[SocksRequest.PIECE_MAX];
            System.arraycopy(all, at, piece, 0, some);
            at += some;
            Step step = request.take(piece, some);
            if (!(step instanceof Step.More)) {
                steps.add(step);
            }
            if (step instanceof Step.Complete || step instanceof Step.Refused) {
                break;
            }
        }
        return steps;
    }

    private static Step last(String hex) {
        return steps(new SocksRequest(), hex, Integer.MAX_VALUE).getLast();
    }

    private static Step by(String address, int port) {
        return new Step.Complete(
                new SocksTarget.Address(IpPort.parse(address + ":" + port).orElseThrow()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 1000})
    void readsARequestInPiecesOfAnySize(int mostAtATime) {
        SocksRequest request = new SocksRequest();
        assertThat(steps(request, "05 02 01 00  05 01 ff 01 0a000001 1f90", mostAtATime))
                .containsExactly(new Step.MethodChosen(), by("10.0.0.1", 8080));
    }

    @Test
    void takesAddressesOfBothFamiliesAndNames() {
        assertThat(last("05 01 00  05 01 00 01 7f000001 0050")).isEqualTo(by("127.0.0.1", 80));
        assertThat(last("05 01 00  05 01 00 04 20010db8000000000000000000000001 01bb"))
                .isEqualTo(by("[2001:db8::1]", 443));
        assertThat(last("05 01 00  05 01 00 03 03 612e62 ffff"))
                .isEqualTo(new Step.Complete(new SocksTarget.Name("a.b", 65_535)));
    }

    /** A dual-stack client may write it so; there is one address, not two. */
    @Test
    void takesAnIpv4MappedAddressForTheIpv4Address() {
        assertThat(last("05 01 00  05 01 00 04 00000000000000000000ffff0a000001 0050"))
                .isEqualTo(by("10.0.0.1", 80));
    }

    @Test
    void takesTheLongestNameAndAllMethods() {
        String methods = "01".repeat(254) + "00";
        String name = "61".repeat(255);
        assertThat(last("05 ff " + methods + " 05 01 00 03 ff " + name + " 0050"))
                .isEqualTo(new Step.Complete(new SocksTarget.Name("a".repeat(255), 80)));
    }

    /** What follows the request is the application's, and some do not wait before they send it. */
    @Test
    void leavesWhatFollowsTheRequestAlone() {
        SocksRequest request = new SocksRequest();
        byte[] whole = HexFormat.of().parseHex("05010005010001" + "7f000001" + "0050");
        int taken = 0;
        Step step = new Step.More();
        while (!(step instanceof Step.Complete)) {
            int missing = request.missing();
            assertThat(taken + missing).isLessThanOrEqualTo(whole.length);
            byte[] piece = new byte[SocksRequest.PIECE_MAX];
            System.arraycopy(whole, taken, piece, 0, missing);
            taken += missing;
            step = request.take(piece, missing);
        }
        assertThat(taken).isEqualTo(whole.length);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "04 01 00 | unsupported version 4",
                "47 45 | unsupported version 71",
                "05 00 | methods cannot be zero",
                "05 02 01 02 | only unauthenticated is supported",
                "05 01 00  04 01 | unsupported version 4",
                "05 01 00  05 02 | unsupported command 2",
                "05 01 00  05 03 | unsupported command 3",
                "05 01 00  05 01 00 02 | unsupported address type 2",
                "05 01 00  05 01 00 ff | unsupported address type 255",
                "05 01 00  05 01 00 03 00 | domain is empty",
                "05 01 00  05 01 00 03 02 c328 0050 | domain is not a valid utf8 string: [-61, 40]",
            })
    void refusesWhatItDoesNotSpeak(String hex, String text) {
        assertThat(last(hex)).isEqualTo(new Step.Refused(SocksRefusal.protocol(text)));
    }

    /** As the original words and codes them. */
    @Test
    void namesRefusalsByCodeAndCause() {
        assertThat(SocksRefusal.protocol("x").kind().code()).isEqualTo(7);
        assertThat(SocksRefusal.protocol("x")).hasToString("CommandNotSupported: x");
        assertThat(SocksRefusal.unresolved("x").kind().code()).isEqualTo(4);
        assertThat(SocksRefusal.unresolved("x")).hasToString("HostUnreachable: x");
        assertThat(SocksRefusal.io("x").kind().code()).isEqualTo(1);
        assertThat(SocksRefusal.io("x")).hasToString("General: io error: x");
    }
}
