package net.cartback.deletion.config;

import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a registry from a file, with its variables from the environment. */
public final class RegistryPath {

    private RegistryPath() {}

    /** Throws {@link Config.Invalid} with the file's name before each fault. */
    public static RegistryFile read(Path file, Config config) {
        try {
            return RegistryFile.parse(
                    Files.readString(file),
                    config.environment(),
                    config.outbound().allowsPlainHttp());
        } catch (IOException e) {
            throw Config.Invalid.unreadable("the registry " + file, e);
        } catch (InvalidRegistry e) {
            throw faults(file, e);
        }
    }

    public static Config.Invalid faults(Path file, InvalidRegistry e) {
        return new Config.Invalid(
                e.faults().stream().map(fault -> "the registry " + file + ": " + fault).toList());
    }
}
