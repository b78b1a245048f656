package io.culvert.proxy.names;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.IpAddress;
import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Names resolved by a name server over UDP. */
@Tag("direct")
final class HostNamesTest {
    private static final String NAME = "db.example.";
    private static final long LIMIT_S = 60;

    private NameServerForTests server;
    private HostNames names;

    @BeforeEach
    void open() throws IOException {
        server = new NameServerForTests();
        names = names(true, HostNames.QUERY_TIMEOUT_MS);
    }

    @AfterEach
    void close() {
        names.close();
        server.close();
    }

    private HostNames names(boolean ipv6, long timeoutMs) {
        return new HostNames(ipv6, () -> new SingletonDnsServerAddressStreamProvider(server.address()), timeoutMs);
    }

    /** Empty: unknown. */
    private static Optional<List<IpAddress>> resolve(HostNames by, String hostname) throws Exception {
        CompletableFuture<Optional<List<IpAddress>>> answer = new CompletableFuture<>();
        by.resolve(hostname, Runnable::run, new HostNames.Listener() {
            @Override
            public void found(List<IpAddress> addresses) {
                answer.complete(Optional.of(addresses));
            }

            @Override
            public void unknown() {
                answer.complete(Optional.empty());
            }
        });
        return answer.get(LIMIT_S, TimeUnit.SECONDS);
    }

    private static InetAddress ip(String text) {
        return InetAddress.ofLiteral(text);
    }

    @Test
    void asksForBothFamiliesAndKeepsTheAnswerAsLongAsItSays() throws Exception {
        server.addresses.put(NAME, List.of(ip("192.0.2.1"), ip("192.0.2.2"), ip("2001:db8::1")));
        for (int i = 0; i < 3; i++) {
            assertThat(resolve(names, NAME).orElseThrow())
                    .extracting(Object::toString)
                    .containsExactlyInAnyOrder("192.0.2.1", "192.0.2.2", "2001:db8::1");
        }
        assertThat(server.questions).containsExactlyInAnyOrder(NAME + " 1", NAME + " 28");
    }

    @Test
    void asksAgainWhereAnAnswerMayNotBeKept() throws Exception {
        server.ttlSeconds = 0;
        server.addresses.put(NAME, List.of(ip("192.0.2.1")));
        assertThat(resolve(names, NAME)).isPresent();
        server.addresses.put(NAME, List.of(ip("192.0.2.9")));
        assertThat(resolve(names, NAME).orElseThrow())
                .extracting(Object::toString)
                .containsExactly("192.0.2.9");
    }

    @Test
    void oneFamilyIsEnoughAndIsTheOnlyOneWhereTheMachineHasNoIpv6() throws Exception {
        server.addresses.put(NAME, List.of(ip("2001:db8::1")));
        assertThat(resolve(names, NAME).orElseThrow())
                .extracting(Object::toString)
                .containsExactly("2001:db8::1");
        try (HostNames v4 = names(false, HostNames.QUERY_TIMEOUT_MS)) {
            assertThat(resolve(v4, NAME)).isEmpty();
            server.addresses.put("other.example.", List.of(ip("192.0.2.1"), ip("2001:db8::1")));
            assertThat(resolve(v4, "other.example.").orElseThrow())
                    .extracting(Object::toString)
                    .containsExactly("192.0.2.1");
        }
    }

    @Test
    void saysThatANameIsUnknownOrNone() throws Exception {
        assertThat(resolve(names, "nobody.example.")).isEmpty();
        assertThat(resolve(names, "a..b")).isEmpty();
        assertThat(resolve(names, "x".repeat(300))).isEmpty();
    }

    @Test
    void takesAnAddressForItself() throws Exception {
        assertThat(resolve(names, "192.0.2.7").orElseThrow())
                .extracting(Object::toString)
                .containsExactly("192.0.2.7");
        assertThat(server.questions).isEmpty();
    }

    @Test
    void aServerThatIsSilentIsAnUnknownName() throws Exception {
        server.silent = true;
        try (HostNames impatient = names(true, 200)) {
            assertThat(resolve(impatient, NAME)).isEmpty();
        }
        assertThat(server.questions).isNotEmpty();
    }
}
