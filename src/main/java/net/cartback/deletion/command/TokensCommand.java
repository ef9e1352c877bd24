package net.cartback.deletion.command;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.access.Tokens;
import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;

/** {@code tokens add}, {@code tokens list}, {@code tokens revoke}. */
@Command(
        name = "tokens",
        mixinStandardHelpOptions = true,
        description = "Say who may use the admin API.",
        synopsisSubcommandLabel = "add NAME | list | revoke NAME")
final class TokensCommand {

    private final Terminal terminal;

    private final InstantSource clock = InstantSource.system();

    TokensCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Make a token and print it. It is not kept, and cannot be read again.")
    int add(
            @Parameters(
                            paramLabel = "NAME",
                            description =
                                    "what it is for, and not whose it is: the audit trail tells it")
                    String name,
            @Option(
                            names = "--role",
                            required = true,
                            description =
                                    "${COMPLETION-CANDIDATES}; each role includes the roles before"
                                            + " it")
                    Role role,
            @Option(
                            names = "--for",
                            paramLabel = "DURATION",
                            description =
                                    "how long the token is valid, such as P90D; if not given, until"
                                            + " it is revoked")
                    @Nullable Duration lasting) {
        if (!Tokens.isName(name)) {
            throw new Refused(List.of("NAME " + Tokens.NAME_RULE));
        }
        if (lasting != null && !lasting.isPositive()) {
            throw new Refused(List.of("--for must be longer than nothing"));
        }
        var notAfter = lasting == null ? null : clock.instant().plus(lasting);
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            terminal.out()
                    .println(
                            storage.tokens()
                                    .add(name, role, notAfter, new SecureRandom())
                                    .orElseThrow(
                                            () ->
                                                    new Refused(
                                                            List.of(
                                                                    "NAME "
                                                                            + name
                                                                            + " has been used"
                                                                            + " before"))));
        }
        return 0;
    }

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "Tell which tokens there are, and which are taken.")
    int list() {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            var now = clock.instant();
            storage.tokens().all().forEach(token -> terminal.out().println(line(token, now)));
        }
        return 0;
    }

    private static String line(Tokens.TokenView token, Instant now) {
        var state = token.isActive(now) ? "active" : token.revokedAt() == null ? "over" : "revoked";
        var end = token.notAfter() == null ? "" : ", until " + token.notAfter();
        return "%-24s %-8s %-7s since %s%s"
                .formatted(token.name(), token.role().wireName(), state, token.createdAt(), end);
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description = "Take a token back, from the next call on.")
    int revoke(@Parameters(paramLabel = "NAME", description = "the token's name") String name) {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            if (!storage.tokens().revoke(name)) {
                throw new Refused(List.of("NAME " + name + " is no token in force"));
            }
            terminal.out().println("Revoked " + name + ".");
        }
        return 0;
    }
}
