package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** {@code audit verify}. */
@Command(
        name = "audit",
        mixinStandardHelpOptions = true,
        description = "Check the audit trail.",
        synopsisSubcommandLabel = "verify")
final class AuditCommand {

    /** An hourly head for a hundred years. */
    private static final long MAX_FILE = 512L * 1024 * 1024;

    /**
     * Its header is a JSON object (RFC 7515), so it begins with a brace and a quote in base64url.
     */
    private static final Pattern JWS =
            Pattern.compile("eyJ[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*\\.[A-Za-z0-9_-]*");

    private final Terminal terminal;

    AuditCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description =
                    "Read the whole audit trail and name what was changed, removed or put in. Exit"
                            + " code 1 if anything was.")
    int verify(
            @Option(
                            names = "--head",
                            paramLabel = "FILE",
                            description =
                                    "signed heads that were kept elsewhere, alone or in lines of"
                                            + " the log: the chain must hold all of them")
                    @Nullable Path file) {
        var heads = file == null ? List.<String>of() : read(file);
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            var report = storage.audit().verify(heads);
            terminal.out()
                    .printf(
                            "%d rows in %d blocks, %d not chained yet, checked against %d signed"
                                    + " heads%n",
                            report.rows(), report.blocks(), report.unchained(), report.heads());
            report.breaks().forEach(terminal.out()::println);
            terminal.out().println(report.breaks().isEmpty() ? "Whole." : "BROKEN.");
            return report.breaks().isEmpty() ? 0 : 1;
        }
    }

    /** Those in a line of the log; any other line is one, or is broken. */
    private static Stream<String> heads(String line) {
        var text = line.strip();
        boolean ofLog = text.contains(" ") || text.startsWith("{");
        return ofLog
                ? JWS.matcher(text).results().map(MatchResult::group)
                : Stream.of(text).filter(each -> !each.isEmpty());
    }

    private static List<String> read(Path file) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new Refused(List.of("--head " + file + " is too long"));
            }
            var heads = Files.readAllLines(file).stream().flatMap(AuditCommand::heads).toList();
            // A line that is no head is a broken head if the file has heads. A file without any
            // head is the wrong file.
            if (heads.stream().noneMatch(each -> JWS.matcher(each).matches())) {
                throw new Refused(
                        List.of(
                                "--head "
                                        + file
                                        + " holds no signed heads: give the file of AUDIT_HEADS, or"
                                        + " the lines of the log that have a jws"));
            }
            return heads;
        } catch (IOException e) {
            throw Refused.unreadable("--head " + file, e);
        }
    }
}
