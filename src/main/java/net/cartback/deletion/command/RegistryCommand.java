package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.RegistryPath;
import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryChange;
import net.cartback.deletion.registry.RegistryExport;
import net.cartback.deletion.registry.RegistryFile;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code registry apply|diff|export}. */
@Command(
        name = "registry",
        mixinStandardHelpOptions = true,
        description = "Show and change which apps and client systems there are.",
        synopsisSubcommandLabel = "apply FILE | diff FILE | export")
final class RegistryCommand {

    @Command(
            name = "apply",
            mixinStandardHelpOptions = true,
            description =
                    "Make apps and systems what the file says. A field that an entry does not name"
                            + " goes back to its default; an entry that the file does not name"
                            + " stays.")
    int apply(
            @Parameters(paramLabel = "FILE", description = "a registry in YAML") Path file,
            @Option(names = "--dry-run", description = "say what would change, and change nothing")
                    boolean dryRun) {
        var config = Config.read(System.getenv());
        var registry = RegistryPath.read(file, config);
        try (var storage = Storage.open(config)) {
            var changes = dryRun ? storage.differences(registry) : storage.apply(registry);
            changes.forEach(System.out::println);
            System.out.println(
                    changes.isEmpty()
                            ? "Nothing differs from the file."
                            : dryRun
                                    ? entries(changes) + " would change; nothing has been changed."
                                    : entries(changes) + " changed.");
        } catch (InvalidRegistry e) {
            throw RegistryPath.faults(file, e);
        }
        return 0;
    }

    @Command(
            name = "diff",
            mixinStandardHelpOptions = true,
            description =
                    "Say what applying the file would change, and what is registered that it does"
                            + " not name. Exit code 1 if applying it would change something.")
    int diff(@Parameters(paramLabel = "FILE", description = "a registry in YAML") Path file) {
        var config = Config.read(System.getenv());
        var registry = RegistryPath.read(file, config);
        try (var storage = Storage.open(config)) {
            var changes = storage.differences(registry);
            changes.forEach(System.out::println);
            unnamed(storage, registry).forEach(System.out::println);
            if (changes.isEmpty()) {
                System.out.println("Applying the file would change nothing.");
            }
            return changes.isEmpty() ? 0 : 1;
        } catch (InvalidRegistry e) {
            throw RegistryPath.faults(file, e);
        }
    }

    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = "Write what is registered as a registry file, without secrets.")
    int export() {
        try (var storage = Storage.open(Config.read(System.getenv()))) {
            System.out.print(RegistryExport.yaml(storage.registry().all()));
        }
        return 0;
    }

    private static List<String> unnamed(Storage storage, RegistryFile file) {
        return storage.registry().all().entrySet().stream()
                .flatMap(
                        list ->
                                list.getValue().entrySet().stream()
                                        .filter(each -> !each.getValue().isRetired())
                                        .map(Map.Entry::getKey)
                                        .filter(id -> !file.names(list.getKey(), id))
                                        .map(id -> list.getKey().word() + " " + id)
                                        .map(entry -> entry + ": not in the file; it stays"))
                .toList();
    }

    private static String entries(List<RegistryChange> changes) {
        return changes.size() == 1 ? "1 entry" : changes.size() + " entries";
    }
}
