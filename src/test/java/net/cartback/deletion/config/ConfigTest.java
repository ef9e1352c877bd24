package net.cartback.deletion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.access.Role;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

class ConfigTest {

    @Test
    void every_default_is_what_the_readme_says() {
        var config = Config.read(Map.of());

        assertThat(config.listen()).isEqualTo(new Config.Listen("0.0.0.0", 8080));
        assertThat(config.management()).isEqualTo(new Config.Listen("127.0.0.1", 9090));
        assertThat(config.publicUrl()).isNull();
        assertThat(config.isEmbedded()).isTrue();
        assertThat(config.migrationDatabase()).isNull();
        assertThat(config.databasePoolSize()).isEqualTo(10);
        assertThat(config.dataDir()).isEqualTo(Path.of("./data"));
        assertThat(config.registryFile()).isNull();
        assertThat(config.keyringFile()).isNull();
        assertThat(config.outbound().allowsPlainHttp()).isFalse();
        assertThat(config.dispatchConcurrency()).isEqualTo(256);
        assertThat(config.recordTogether()).isEqualTo(64);
    }

    @Test
    void every_fault_is_reported_at_once_by_name() {
        assertThatThrownBy(
                        () ->
                                Config.read(
                                        Map.of(
                                                "PORT", "70000",
                                                "MANAGEMENT_PORT", "x",
                                                "PUBLIC_URL", "relay.example.com",
                                                "DATABASE_URL", "mysql://u:topsecret@db/relay",
                                                "OUTBOUND_ALLOW", "everything",
                                                "DISPATCH_CONCURRENCY", "-1")))
                .isInstanceOfSatisfying(
                        Refused.class,
                        invalid ->
                                assertThat(invalid.faults())
                                        .hasSize(7)
                                        .anyMatch(fault -> fault.startsWith("PORT "))
                                        .anyMatch(fault -> fault.startsWith("MANAGEMENT_PORT "))
                                        .anyMatch(fault -> fault.startsWith("PUBLIC_URL "))
                                        .anyMatch(fault -> fault.startsWith("DATABASE_URL "))
                                        .anyMatch(fault -> fault.startsWith("KEYRING_FILE "))
                                        .anyMatch(fault -> fault.startsWith("OUTBOUND_ALLOW "))
                                        .anyMatch(
                                                fault -> fault.startsWith("DISPATCH_CONCURRENCY "))
                                        .noneMatch(fault -> fault.contains("topsecret")));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://relay:p%40ss@127.0.0.1:6543/ledger",
                "postgresql://relay:p%40ss@127.0.0.1:6543/ledger",
                "jdbc:postgresql://127.0.0.1:6543/ledger?user=relay&password=p%40ss"
            })
    void a_database_url_may_have_either_form(String url) {
        var config = Config.read(Map.of("DATABASE_URL", url, "KEYRING_FILE", "keys.json"));

        assertThat(config.databaseOrFail().port()).isEqualTo(6543);
        assertThat(config.databaseOrFail().database()).isEqualTo("ledger");
        assertThat(config.databaseOrFail().user()).isEqualTo("relay");
        assertThat(config.databaseOrFail().password()).isEqualTo("p@ss");
        assertThat(config.toString()).doesNotContain("p@ss", "p%40ss");
        assertThat(config.migrationDatabase()).isEqualTo(config.database());
    }

    @Test
    void beyond_loopback_the_database_must_be_verified_unless_that_is_waived() {
        var bare = Map.of("DATABASE_URL", "postgres://u@db.example.com/relay", "KEYRING_FILE", "k");

        assertThatThrownBy(() -> Config.read(bare)).hasMessageContaining("sslmode=verify-full");
        Config.read(
                Map.of(
                        "DATABASE_URL",
                        "postgres://u@db.example.com/relay?sslmode=verify-full",
                        "KEYRING_FILE",
                        "k"));
        Config.read(
                Map.of(
                        "DATABASE_URL",
                        "postgres://u@db.example.com/relay",
                        "KEYRING_FILE",
                        "k",
                        "DATABASE_INSECURE",
                        "true"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://u@localhost/relay?colour=red",
                "postgres://u@localhost/relay?sslmode=nonsense"
            })
    void an_option_that_the_driver_lacks_is_a_fault_of_the_configuration(String url) {
        assertThatThrownBy(() -> Config.read(Map.of("DATABASE_URL", url, "KEYRING_FILE", "k")))
                .isInstanceOf(Refused.class)
                .hasMessageContaining("DATABASE_URL ");
    }

    @Test
    void an_empty_variable_does_not_pass_as_an_absent_one() {
        assertThatThrownBy(
                        () ->
                                Config.read(
                                        Map.of(
                                                "REGISTRY_FILE",
                                                " ",
                                                "KEYRING_FILE",
                                                "",
                                                "DATABASE_INSECURE",
                                                "yes",
                                                "DATABASE_URL",
                                                "postgres://u@localhost/relay")))
                .isInstanceOfSatisfying(
                        Refused.class,
                        invalid ->
                                assertThat(invalid.faults())
                                        .contains(
                                                "REGISTRY_FILE is set and empty",
                                                "KEYRING_FILE is set and empty",
                                                "DATABASE_INSECURE must be true or false"));
    }

    @Test
    void the_two_listeners_cannot_share_a_port() {
        assertThatThrownBy(() -> Config.read(Map.of("PORT", "9090")))
                .hasMessageContaining("MANAGEMENT_PORT must differ from PORT");
    }

    @Test
    void a_public_url_loses_the_slash_at_its_end() {
        assertThat(Config.read(Map.of("PUBLIC_URL", "https://relay.example.com/")).publicUrl())
                .isEqualTo("https://relay.example.com");
    }

    @Test
    void an_admin_token_is_of_decent_length_and_never_shown() {
        assertThatThrownBy(() -> Config.read(Map.of("ADMIN_TOKEN", "short")))
                .hasMessage(
                        "ADMIN_TOKEN must be 32 to 256 printable ASCII characters without spaces");
        var token = "0123456789abcdef0123456789abcdef";
        var config = Config.read(Map.of("ADMIN_TOKEN", token));
        assertThat(config.adminToken()).isEqualTo(token);
        assertThat(config.toString()).doesNotContain(token);
    }

    @Test
    void a_certificate_and_its_key_come_together() {
        assertThatThrownBy(() -> Config.read(Map.of("TLS_CERTIFICATE", "x")))
                .hasMessage("TLS_PRIVATE_KEY is required with TLS_CERTIFICATE");
        assertThatThrownBy(() -> Config.read(Map.of("TLS_PRIVATE_KEY", "x")))
                .hasMessage("TLS_CERTIFICATE is required with TLS_PRIVATE_KEY");
        var config = Config.read(Map.of("TLS_CERTIFICATE", "x", "TLS_PRIVATE_KEY", "y"));
        assertThat(config.localUrl(1)).isEqualTo("https://localhost:1");
        assertThat(Config.read(Map.of()).localUrl(1)).isEqualTo("http://localhost:1");
    }

    @Test
    void a_provider_of_tokens_is_known_by_issuer_audience_and_keys() {
        var given = new HashMap<String, String>();
        given.put("OIDC_ISSUER", "https://login.example.com");
        given.put("OIDC_ALGORITHM", "HS256");
        given.put("OIDC_JWKS_URL", "http://login.example.com/keys");
        given.put("OIDC_ROLES", "boss=x");
        assertThatThrownBy(() -> Config.read(given))
                .hasMessageContaining("OIDC_ALGORITHM must be one of [ES256,");
        given.put("OIDC_ALGORITHM", "ES256");
        assertThatThrownBy(() -> Config.read(given))
                .hasMessage(
                        "OIDC_AUDIENCE is required with OIDC_ISSUER;"
                                + " OIDC_JWKS_URL is required with OIDC_ISSUER, as an https URL;"
                                + " OIDC_ROLES must be of the form"
                                + " viewer=viewer,operator=operator,admin=admin");
        given.put("OIDC_AUDIENCE", "deletion-relay");
        given.put("OIDC_JWKS_URL", "https://login.example.com/keys");
        given.put("OIDC_ROLES", "viewer=staff, admin=it");
        var oidc = Objects.requireNonNull(Config.read(given).oidc());
        assertThat(oidc.roles())
                .containsEntry("staff", Role.VIEWER)
                .containsEntry("it", Role.ADMIN);
        assertThat(oidc.roleClaim()).isEqualTo("roles");
        assertThat(Config.read(Map.of()).oidc()).isNull();
    }

    @Test
    void a_file_with_an_empty_admin_token_opens_nothing(@TempDir Path directory)
            throws IOException {
        var config = Config.read(Map.of("DATA_DIR", directory.toString()));
        var made = AdminToken.load(config);
        assertThat(made).hasSize(64);
        assertThat(AdminToken.load(config)).isEqualTo(made);

        Files.writeString(directory.resolve(AdminToken.FILE), "\n");
        assertThatThrownBy(() -> AdminToken.load(config))
                .isInstanceOf(Refused.class)
                .hasMessageContaining("must be 32 to 256 printable ASCII characters");
        assertThatThrownBy(() -> Config.read(Map.of("ADMIN_TOKEN", "")))
                .hasMessage("ADMIN_TOKEN is set and empty");
    }
}
