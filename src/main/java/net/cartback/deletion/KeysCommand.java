package net.cartback.deletion;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.time.InstantSource;

/** {@code keys generate FILE}. */
@Command(
        name = "keys",
        description = "Make the keys that seal and sign.",
        synopsisSubcommandLabel = "generate FILE")
final class KeysCommand {

    @Command(
            name = "generate",
            mixinStandardHelpOptions = true,
            description = "Write a new keyring (a JWK set) to a file that does not exist yet.")
    int generate(@Parameters(paramLabel = "FILE", description = "where to write it") Path file) {
        KeyringFile.generate(file, InstantSource.system());
        System.out.println(
                "Wrote " + file + ". Keep it safe: without it nothing sealed can be read.");
        return 0;
    }
}
