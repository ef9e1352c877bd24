package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.fixtures.RawServer;
import net.cartback.deletion.fixtures.TestRelay;
import net.cartback.deletion.registry.InvalidRegistry;

import okhttp3.tls.HeldCertificate;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Deliveries over TLS, to a client whose authority is its own. */
class TlsIT {

    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String ANSWER =
            """
            HTTP/1.1 200 OK\r
            Content-Length: 21\r
            Connection: close\r
            \r
            {"outcome":"deleted"}\
            """;
    private static final HeldCertificate AUTHORITY =
            new HeldCertificate.Builder().certificateAuthority(0).commonName("Shop CA").build();
    private static final HeldCertificate CERTIFICATE = certificate(AUTHORITY, "127.0.0.1");

    private static final String OPEN =
            "UPDATE system_gate SET claimable_at = '-infinity', held_reason = NULL, hold_level = 0";

    private final TestRelay relay = new TestRelay();

    @AfterEach
    void stop() {
        relay.close();
    }

    @Test
    void an_authority_of_its_own_is_trusted_for_the_system_that_names_it() throws IOException {
        try (var server = RawServer.encrypted(CERTIFICATE, ANSWER, "TLSv1.3")) {
            register(server, "", AUTHORITY);
            assertThat(deliver()).isEqualTo("closed deleted");
        }
    }

    @Test
    void without_it_the_certificate_holds_the_system() throws IOException {
        try (var server = RawServer.encrypted(CERTIFICATE, ANSWER, "TLSv1.3")) {
            register(server, "", null);
            assertThat(deliver()).isEqualTo("pending tls");
            assertThat(relay.texts("SELECT held_reason FROM system_gate")).containsExactly("tls");
        }
    }

    @Test
    void another_authority_a_wrong_name_and_a_certificate_past_its_time_are_refused()
            throws IOException {
        var stranger = new HeldCertificate.Builder().certificateAuthority(0).build();
        long day = TimeUnit.DAYS.toMillis(1);
        long now = System.currentTimeMillis();
        var expired =
                new HeldCertificate.Builder()
                        .signedBy(AUTHORITY)
                        .addSubjectAlternativeName("127.0.0.1")
                        .validityInterval(now - 2 * day, now - day)
                        .build();
        for (var bad :
                List.of(
                        certificate(stranger, "127.0.0.1"),
                        certificate(AUTHORITY, "127.0.0.2"),
                        expired)) {
            try (var server = RawServer.encrypted(bad, ANSWER, "TLSv1.3")) {
                relay.execute(OPEN);
                register(server, "", AUTHORITY);
                assertThat(deliver()).isEqualTo("pending tls");
            }
        }
    }

    @Test
    void tls_12_is_spoken_to_a_system_that_says_so_and_to_no_other() throws IOException {
        try (var server = RawServer.encrypted(CERTIFICATE, ANSWER, "TLSv1.2")) {
            register(server, "", AUTHORITY);
            assertThat(deliver()).isEqualTo("pending tls");

            relay.execute(OPEN);
            register(server, "tls: \"1.2\"", AUTHORITY);
            relay.dispatchOnce();
            assertThat(state()).isEqualTo("closed deleted");
        }
    }

    @Test
    void a_system_returns_to_the_public_authorities_by_name_and_by_naming_none()
            throws IOException {
        try (var server = RawServer.encrypted(CERTIFICATE, ANSWER, "TLSv1.3")) {
            for (var entry : List.of("ca: public", "name: CRM")) {
                register(server, "", AUTHORITY);
                relay.register("systems: [{id: crm, " + entry + "}]");
                assertThat(relay.count("SELECT count(*) FROM client_system WHERE ca IS NOT NULL"))
                        .isZero();
            }
            assertThat(deliver()).isEqualTo("pending tls");
        }
    }

    @Test
    void an_authority_that_is_none_is_a_fault_of_the_registry() {
        for (var bad : List.of("\"\"", "x", "\"-----BEGIN CERTIFICATE-----\"", "1.2")) {
            assertThatThrownBy(() -> relay.register("systems: [{id: crm, ca: " + bad + "}]"))
                    .isInstanceOf(InvalidRegistry.class)
                    .hasMessageContaining("systems[0].ca: must be PEM certificates, or public");
        }
        assertThatThrownBy(() -> relay.register("systems: [{id: crm, tls: \"1.1\"}]"))
                .isInstanceOf(InvalidRegistry.class)
                .hasMessageContaining("systems[0].tls: must be 1.2 or 1.3");
    }

    private static HeldCertificate certificate(HeldCertificate authority, String name) {
        return new HeldCertificate.Builder()
                .signedBy(authority)
                .addSubjectAlternativeName(name)
                .build();
    }

    private void register(RawServer server, String more, @Nullable HeldCertificate authority) {
        var yaml = new StringBuilder("systems:\n  - id: crm\n    name: CRM\n");
        yaml.append("    url: ").append(server.url()).append('\n');
        // A busy machine takes longer than a system should.
        yaml.append("    timeout: PT60S\n    secrets: [{value: ").append(SECRET).append("}]\n");
        if (!more.isEmpty()) {
            yaml.append("    ").append(more).append('\n');
        }
        if (authority != null) {
            yaml.append("    ca: |\n");
            authority
                    .certificatePem()
                    .lines()
                    .forEach(line -> yaml.append("      ").append(line).append('\n'));
        }
        relay.register(yaml + TestRelay.app(List.of("crm")));
    }

    private String deliver() {
        relay.metaAsksToDelete(Integer.toString(++users));
        relay.dispatchOnce();
        return state();
    }

    private int users;

    private String state() {
        return relay.texts(
                        "SELECT state || ' ' || COALESCE(outcome, reason) FROM delivery ORDER BY id"
                                + " DESC LIMIT 1")
                .getFirst();
    }
}
