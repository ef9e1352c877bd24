package net.cartback.deletion.config;

import net.cartback.deletion.registry.InvalidRegistry;
import net.cartback.deletion.registry.RegistryFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads a registry from a file, with its variables from the environment. */
public final class RegistryLoader {

    private RegistryLoader() {}

    /** Throws {@link Refused} with the file's name before each fault. */
    public static RegistryFile read(Path file, Config config) {
        try {
            return RegistryFile.parse(
                    Files.readString(file),
                    config.environment(),
                    config.outbound().allowsPlainHttp());
        } catch (IOException e) {
            throw Refused.unreadable("the registry " + file, e);
        } catch (InvalidRegistry e) {
            throw faults(file, e);
        }
    }

    public static Refused faults(Path file, InvalidRegistry e) {
        return new Refused(
                e.faults().stream().map(fault -> "the registry " + file + ": " + fault).toList());
    }
}
