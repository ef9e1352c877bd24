package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.intake.SampleSignedRequest;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;

/** {@code sign}. */
@Command(
        name = "sign",
        mixinStandardHelpOptions = true,
        description = "Print a signed_request of a registered app, for trying the callback.")
final class SignCommand implements Callable<Integer> {

    @Option(names = "--app", required = true, description = "Meta's app id")
    private String app = "";

    @Option(names = "--user", required = true, description = "the user's id")
    private String user = "";

    @Option(names = "--issued-at", description = "seconds since 1970; the present if not given")
    private @Nullable Long issuedAt;

    private final Terminal terminal;

    SignCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if (!MetaUser.isValid(user)) {
            throw new Refused(List.of("--user must be 1 to 256 characters, and not 0"));
        }
        if (issuedAt != null && (issuedAt < 0 || issuedAt > SampleSignedRequest.MAX_ISSUED_AT)) {
            throw new Refused(List.of("--issued-at must be seconds since 1970"));
        }
        var at = issuedAt == null ? Instant.now() : Instant.ofEpochSecond(issuedAt);
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            storage.registry().reload();
            var secret =
                    Optional.of(app)
                            .filter(MetaAppId::isValid)
                            .flatMap(id -> storage.registry().app(new MetaAppId(id)))
                            .flatMap(
                                    known ->
                                            known.secrets().stream()
                                                    .filter(each -> each.isActive(Instant.now()))
                                                    .findFirst())
                            .orElseThrow(
                                    () ->
                                            new Refused(
                                                    List.of(
                                                            "--app names no registered app with a"
                                                                    + " secret in force")));
            terminal.out()
                    .println(
                            SampleSignedRequest.of(
                                    user, at.truncatedTo(ChronoUnit.SECONDS), secret));
        }
        return 0;
    }
}
