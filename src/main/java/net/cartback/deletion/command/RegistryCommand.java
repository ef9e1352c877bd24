package net.cartback.deletion.command;

import net.cartback.deletion.config.Config;
import net.cartback.deletion.config.RegistryLoader;
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

    private final Terminal terminal;

    RegistryCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Command(
            name = "apply",
            mixinStandardHelpOptions = true,
            description =
                    "Change the apps and systems to match the file. A field that an entry does not"
                            + " name goes back to its default; an entry that the file does not name"
                            + " stays.")
    int apply(
            @Parameters(paramLabel = "FILE", description = "a registry in YAML") Path file,
            @Option(names = "--dry-run", description = "say what would change, and change nothing")
                    boolean dryRun) {
        var config = Config.read(terminal.environment());
        var registry = RegistryLoader.read(file, config);
        try (var storage = CommandRelay.open(config)) {
            var changes = dryRun ? storage.differences(registry) : storage.apply(registry);
            changes.forEach(terminal.out()::println);
            terminal.out()
                    .println(
                            changes.isEmpty()
                                    ? "Nothing differs from the file."
                                    : dryRun
                                            ? entries(changes)
                                                    + " would change; nothing has been changed."
                                            : entries(changes) + " changed.");
        } catch (InvalidRegistry e) {
            throw RegistryLoader.faults(file, e);
        }
        return 0;
    }

    @Command(
            name = "diff",
            mixinStandardHelpOptions = true,
            description =
                    "Show what applying the file would change, and which registered entries the"
                            + " file does not name. Exit code 1 if applying it would change"
                            + " anything.")
    int diff(@Parameters(paramLabel = "FILE", description = "a registry in YAML") Path file) {
        var config = Config.read(terminal.environment());
        var registry = RegistryLoader.read(file, config);
        try (var storage = CommandRelay.open(config)) {
            var changes = storage.differences(registry);
            changes.forEach(terminal.out()::println);
            unnamed(storage, registry).forEach(terminal.out()::println);
            if (changes.isEmpty()) {
                terminal.out().println("Applying the file would change nothing.");
            }
            return changes.isEmpty() ? 0 : 1;
        } catch (InvalidRegistry e) {
            throw RegistryLoader.faults(file, e);
        }
    }

    @Command(
            name = "export",
            mixinStandardHelpOptions = true,
            description = "Write what is registered as a registry file, without secrets.")
    int export() {
        try (var storage = CommandRelay.open(Config.read(terminal.environment()))) {
            terminal.out().print(RegistryExport.yaml(storage.registry().all()));
        }
        return 0;
    }

    private static List<String> unnamed(CommandRelay storage, RegistryFile file) {
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
