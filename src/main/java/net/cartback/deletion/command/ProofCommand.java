package net.cartback.deletion.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.Refused;
import net.cartback.deletion.terms.ConfirmationCode;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code proof}. */
@Command(
        name = "proof",
        mixinStandardHelpOptions = true,
        description =
                "Print a signed document of what was asked and what was answered, for whoever"
                        + " has the code of a request.")
final class ProofCommand implements Callable<Integer> {

    @Parameters(
            paramLabel = "CODE",
            arity = "0..1",
            description =
                    "a confirmation code; without it one line of the input is read, so that no list"
                            + " of processes shows it")
    private @Nullable String given;

    private final Terminal terminal;

    ProofCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        var typed = given == null ? line() : given;
        var config = Config.readToServe(terminal.environment());
        try (var storage = CommandRelay.open(config)) {
            var proof =
                    ConfirmationCode.typed(typed)
                            .flatMap(storage.proofs(config.publicUrlOrLocal())::of)
                            .orElseThrow(
                                    () ->
                                            new Refused(
                                                    List.of(
                                                            "no request is known under this"
                                                                    + " confirmation code")));
            terminal.out().println(proof);
        }
        return 0;
    }

    private String line() throws IOException {
        var input = new BufferedReader(new InputStreamReader(terminal.in(), UTF_8));
        return String.valueOf(input.readLine());
    }
}
