package net.cartback.deletion.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.cartback.deletion.fixtures.MailHost;
import net.cartback.deletion.fixtures.SurlyMailHost;
import net.cartback.deletion.language.Language;
import net.cartback.deletion.mail.MailSettings.Security;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/** What a mail server can be like, and what is said of it. */
class MailServerIT {

    private static final Instant NOW = Instant.parse("2026-11-25T14:05:00Z");

    @Test
    void one_whose_certificate_nobody_trusts_gets_no_mail() {
        try (var host = new MailHost(true)) {
            assertThat(failure(host.settings())).isEqualTo(MailError.TLS);
            assertThat(host.taken()).isEmpty();
        }
    }

    @Test
    void one_that_offers_no_encryption_gets_no_mail_and_no_password() {
        try (var host = new SurlyMailHost(Map.of())) {
            assertThat(failure(with(host.settings(), Security.STARTTLS, "user")))
                    .isEqualTo(MailError.TLS);
            assertThat(host.heard()).noneMatch(line -> line.startsWith("AUTH"));
        }
    }

    @Test
    void one_that_asks_for_no_login_although_there_is_one_is_not_the_one_that_was_meant() {
        try (var host = new SurlyMailHost(Map.of())) {
            assertThat(failure(with(host.settings(), Security.NONE, "user")))
                    .isEqualTo(MailError.LOGIN);
        }
    }

    @Test
    void one_that_does_not_accept_the_password_is_told_so() {
        try (var host =
                new SurlyMailHost(
                        Map.of("EHLO", "250-surly\r\n250 AUTH PLAIN LOGIN", "AUTH", "535 no"))) {
            assertThat(failure(with(host.settings(), Security.NONE, "user")))
                    .isEqualTo(MailError.LOGIN);
        }
    }

    @Test
    void one_that_says_nothing_is_left_after_a_time() throws IOException {
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            var settings =
                    MailSettings.parse(
                            "smtp://127.0.0.1:" + silent.getLocalPort(), MailHost.SENDER);
            assertThatThrownBy(() -> new MailServer(settings, Duration.ofSeconds(1)).check())
                    .isInstanceOfSatisfying(
                            MailNotTaken.class,
                            e -> assertThat(e.error()).isEqualTo(MailError.TIMEOUT));
        }
    }

    @Test
    void one_that_speaks_without_end_is_left_after_a_time() {
        try (var host = new SurlyMailHost(Map.of("EHLO", SurlyMailHost.WITHOUT_END))) {
            assertThatThrownBy(() -> new MailServer(host.settings(), Duration.ofSeconds(2)).check())
                    .isInstanceOfSatisfying(
                            MailNotTaken.class,
                            e -> assertThat(e.error()).isEqualTo(MailError.TIMEOUT));
        }
    }

    @Test
    void one_that_takes_ascii_alone_is_named_no_other_address() {
        try (var host = new SurlyMailHost(Map.of())) {
            assertThat(failure(host.settings(), "röbin@example.com")).isEqualTo(MailError.POLICY);
            assertThat(host.heard()).noneMatch(line -> line.startsWith("RCPT"));
        }
    }

    @ParameterizedTest
    @CsvSource({"421, BUSY", "554, POLICY"})
    void one_that_lets_nobody_in_says_why(String code, MailError error) {
        try (var host = new SurlyMailHost(Map.of("", code + " not now"))) {
            assertThat(failure(host.settings())).isEqualTo(error);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "smtp://",
                "smtp:mail.example.com",
                "http://mail.example.com",
                "smtps://mail.example.com/path",
                "smtps://mail.example.com?starttls=true",
                "smtps://user@mail.example.com",
                "smtps://:secret@mail.example.com",
                "smtps://user:secret@mail.example.com:70000",
                "smtps://us er:secret@mail.example.com",
                "secret"
            })
    void an_address_of_another_form_is_refused_without_telling_it(String address) {
        assertThatThrownBy(() -> MailSettings.parse(address, MailHost.SENDER))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(MailSettings.RULE)
                .hasNoCause();
    }

    @ParameterizedTest
    @CsvSource({
        "smtps://u%40x:p%2Bq+r@mail.example.com, 465, TLS, u@x, p+q+r",
        "smtp://u:p@mail.example.com, 587, STARTTLS, u, p",
        "smtp://mail.example.com:25, 25, STARTTLS, ,",
        "smtp://localhost:2525/, 2525, NONE, ,"
    })
    void an_address_says_how_the_server_is_reached(
            String address,
            int port,
            Security security,
            @Nullable String user,
            @Nullable String password) {
        var settings = MailSettings.parse(address, MailHost.SENDER);
        assertThat(settings.port()).isEqualTo(port);
        assertThat(settings.security()).isEqualTo(security);
        assertThat(settings.user()).isEqualTo(user);
        assertThat(settings.password()).isEqualTo(password);
        assertThat(settings.toString()).doesNotContain("p+q", "u@x");
    }

    @ParameterizedTest
    @CsvSource({
        "dana@example.com, true",
        "dana@EXAMPLE.com, true",
        "dana@münchen.example, true",
        "dana@straße.example, false",
        "dana@exa_mple.com, false"
    })
    void an_address_is_written_to_as_it_is_or_not_at_all(String address, boolean reachable) {
        assertThat(MailServer.canReach(address)).isEqualTo(reachable);
    }

    private static MailSettings with(MailSettings settings, Security security, String user) {
        return new MailSettings(
                settings.host(), settings.port(), security, user, "secret", settings.from());
    }

    private static MailError failure(MailSettings settings) {
        return failure(settings, "dana@example.com");
    }

    private static MailError failure(MailSettings settings, String to) {
        try {
            new MailServer(settings)
                    .send(new Letter(null, to, Language.ENGLISH, "Hello", "Text"), "1", NOW);
        } catch (MailNotTaken e) {
            assertThat(e).hasNoCause();
            return e.error();
        }
        throw new AssertionError("The mail was taken");
    }
}
