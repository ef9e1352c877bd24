package net.cartback.deletion.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.recording.IdImport;
import net.cartback.deletion.recording.IdList;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.terms.Actor;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/** {@code ids import}. */
@Command(
        name = "ids",
        mixinStandardHelpOptions = true,
        description = "Take the lists of ids that Meta offers for download.",
        synopsisSubcommandLabel = "import --app ID FILE")
final class IdsCommand {

    private final Terminal terminal;

    private static final long MAX_FILE = 64L * 1024 * 1024;

    IdsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "import",
            mixinStandardHelpOptions = true,
            description =
                    "Record a deletion for each id in a file, unless the deletion of this id was"
                            + " requested before. The file has one id a line, is CSV with the id in"
                            + " the first column, or is a JSON list of texts. Client systems are"
                            + " told that the kind of the ids is unknown, unless an option names"
                            + " it.")
    int run(
            @Option(names = "--app", required = true, description = "Meta's app id") String app,
            @Option(
                            names = "--page-scoped",
                            description = "the ids are page-scoped ones, of Messenger")
                    boolean pageScoped,
            @Option(
                            names = "--app-scoped",
                            description = "the ids are app-scoped ones, of Facebook Login")
                    boolean appScoped,
            @Option(
                            names = "--exact",
                            description =
                                    "the ids are right although all of them end in zeros, as after"
                                            + " rounding")
                    boolean exact,
            @Option(
                            names = "--since",
                            paramLabel = "TIME",
                            description =
                                    "a time such as 2026-11-01T00:00:00Z: an id that was recorded"
                                            + " since then is a repeat; 21 days ago if not given,"
                                            + " 90 days ago at the earliest")
                    @Nullable Instant since,
            @Option(names = "--dry-run", description = "only count") boolean dryRun,
            @Parameters(paramLabel = "FILE", description = "the list") Path file) {
        if (pageScoped && appScoped) {
            throw new Refused(List.of("--page-scoped and --app-scoped exclude each other"));
        }
        if (!MetaAppId.isValid(app)) {
            throw new Refused(List.of("--app names no registered app"));
        }
        var type =
                pageScoped
                        ? IdType.PAGE_SCOPED_USER_ID
                        : appScoped ? IdType.APP_SCOPED_USER_ID : IdType.META_USER_ID;
        var list = read(file, new MetaAppId(app), exact);
        return take(new MetaAppId(app), type, list, since, dryRun);
    }

    private int take(
            MetaAppId app, IdType type, IdList list, @Nullable Instant since, boolean dryRun) {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            storage.registry().reload();
            var known =
                    storage.registry()
                            .app(app)
                            .filter(each -> !each.retired())
                            .orElseThrow(
                                    () ->
                                            new Refused(
                                                    List.of(
                                                            "--app names no registered app, or"
                                                                    + " one that is retired")));
            var idImport = storage.idImport();
            var from = since == null ? idImport.usualSince() : since;
            if (!idImport.mayLookBackTo(from)) {
                throw new Refused(List.of("--since must be in the last 90 days"));
            }
            var result = idImport.run(known, type, list, from, dryRun, Actor.COMMAND).orElse(null);
            if (result == null) {
                terminal.fault("another list is being taken; try again later");
                return 1;
            }
            storage.tellOfWork();
            terminal.out()
                    .printf(
                            "%d ids: %d %s, %d repeats%n",
                            result.ids(),
                            result.created(),
                            dryRun ? "would be recorded" : "recorded",
                            result.repeated());
            for (var each : result.requests()) {
                terminal.out()
                        .printf(
                                "  request %s: %s%n",
                                each.request(), each.created() ? "recorded" : "a repeat");
            }
        }
        return 0;
    }

    private static IdList read(Path file, MetaAppId app, boolean exact) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new Refused(List.of(file + " is longer than 64 MiB"));
            }
            var list = IdList.read(Files.readString(file, UTF_8), app, IdImport.MAX_IDS, exact);
            if (!list.wrongLines().isEmpty()) {
                throw new Refused(
                        List.of(
                                file
                                        + ": no id in line "
                                        + list.wrongLines()
                                        + "; nothing is done"));
            }
            return list;
        } catch (CharacterCodingException e) {
            throw new Refused(List.of(file + " is not UTF-8"));
        } catch (IOException e) {
            throw Refused.unreadable(file.toString(), e);
        } catch (IllegalArgumentException e) {
            throw new Refused(List.of(file + " " + e.getMessage()));
        }
    }
}
