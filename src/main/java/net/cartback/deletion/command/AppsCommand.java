package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.terms.MetaAppId;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** {@code apps check ID}. */
@Command(
        name = "apps",
        mixinStandardHelpOptions = true,
        description = "Try whether Meta's calls of an app would arrive.",
        synopsisSubcommandLabel = "check ID")
final class AppsCommand {

    private final Terminal terminal;

    AppsCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "check",
            mixinStandardHelpOptions = true,
            description =
                    "Send a callback about nobody, signed with each secret of the app, to the"
                            + " addresses that Meta calls, and open the pages that reviewers open."
                            + " Nothing is recorded. Exit code 1 if anything is wrong.")
    int check(
            @Parameters(paramLabel = "ID", description = "a registered app's id") String id,
            @Option(
                            names = "--url",
                            paramLabel = "URL",
                            description = "the relay's public base, instead of PUBLIC_URL")
                    @Nullable URI url) {
        var config = Config.read(terminal.environment());
        var base = url == null ? config.publicUrlOrLocal() : url.toString();
        if (!base.matches("https?://[^/?#]+/?")) {
            throw new Refused(
                    List.of("--url must be https://HOST or https://HOST:PORT, without a path"));
        }
        if (url == null && config.publicUrl() == null && !config.isEmbedded()) {
            throw new Refused(List.of("PUBLIC_URL, or --url, is required: Meta's calls go there"));
        }
        var app = app(config, id);
        var now = Instant.now();
        var secrets = app.secrets().stream().filter(each -> each.isActive(now)).toList();
        try (var check = new CallbackCheck(base.replaceAll("/$", ""))) {
            var calls = new ArrayList<Supplier<CallbackCheck.Answer>>();
            calls.add(check::isReachable);
            for (var secret : secrets) {
                calls.add(() -> check.callback(app.id(), "data-deletion", secret));
                calls.add(() -> check.callback(app.id(), "deauthorize", secret));
            }
            calls.add(() -> check.page("/meta/" + app.id()));
            calls.add(() -> check.page("/meta/" + app.id() + "/data-deletion"));
            calls.add(() -> check.page("/status"));
            calls.add(check::statusOfNobody);
            boolean good = !secrets.isEmpty();
            if (!good) {
                terminal.out()
                        .println(
                                new CallbackCheck.Answer(
                                        "app " + app.id(),
                                        "all of its secrets have ended: name a new one"));
            }
            for (var call : calls) {
                var answer = call.get();
                terminal.out().println(answer);
                good &= answer.isGood();
                if (!answer.arrived()) {
                    // The next ones would say the same.
                    terminal.out().println("       The rest is not tried.");
                    break;
                }
            }
            return good ? 0 : 1;
        }
    }

    private static MetaApp app(Config config, String id) {
        try (var storage = CommandRelay.open(config)) {
            storage.registry().reload();
            return Optional.of(id)
                    .filter(MetaAppId::isValid)
                    .flatMap(valid -> storage.registry().app(new MetaAppId(valid)))
                    .orElseThrow(() -> new Refused(List.of("ID names no registered app")));
        }
    }
}
