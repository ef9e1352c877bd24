package net.cartback.deletion;

import net.cartback.deletion.registry.InvalidRegistry;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;

/** {@code registry apply FILE}. */
@Command(
        name = "registry",
        mixinStandardHelpOptions = true,
        description = "Change which apps and client systems there are.",
        synopsisSubcommandLabel = "apply FILE")
final class RegistryCommand {

    @Command(
            name = "apply",
            mixinStandardHelpOptions = true,
            description = "Make apps and systems what the file says; what it does not name stays.")
    int apply(@Parameters(paramLabel = "FILE", description = "a registry in YAML") Path file) {
        var config = Config.read(System.getenv());
        var registry = RegistryPath.read(file, config);
        try (var storage = Storage.open(config)) {
            storage.apply(registry);
        } catch (InvalidRegistry e) {
            throw RegistryPath.faults(file, e);
        }
        System.out.println(
                "Applied "
                        + registry.appCount()
                        + " apps and "
                        + registry.systemCount()
                        + " systems.");
        return 0;
    }
}
