package net.cartback.deletion;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.InvalidKeyring;
import net.cartback.deletion.crypto.Keyring;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;

/** The file in which the keyring stands: readable by its owner alone, and never overwritten. */
final class KeyringFile {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String NAME = "keyring.json";

    private KeyringFile() {}

    /** The configured keyring; with the embedded database, one is made where there is none. */
    static Keyring load(Config config, InstantSource clock) {
        var configured = config.keyringFile();
        var file = configured == null ? config.dataDir().resolve(NAME) : configured;
        if (configured == null && !Files.exists(file)) {
            generate(file, clock);
        }
        try {
            return Keyring.parse(Files.readString(file), clock, RANDOM);
        } catch (IOException e) {
            throw new Config.Invalid(List.of("KEYRING_FILE cannot be read: " + file));
        } catch (InvalidKeyring e) {
            throw new Config.Invalid(
                    e.faults().stream()
                            .map(fault -> "KEYRING_FILE " + file + ": " + fault)
                            .toList());
        }
    }

    /** Writes a new keyring to a file that must not exist yet. */
    static void generate(Path file, InstantSource clock) {
        try {
            Files.createDirectories(file.toAbsolutePath().resolveSibling("."));
            var ownerOnly =
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------"));
            try (var channel =
                    Files.newByteChannel(
                            file,
                            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            ownerOnly)) {
                channel.write(UTF_8.encode(Keyring.generate(clock.instant(), RANDOM)));
            }
        } catch (FileAlreadyExistsException e) {
            throw new Config.Invalid(
                    List.of(file + " exists already; a keyring is never overwritten"));
        } catch (IOException e) {
            throw new Config.Invalid(List.of(file + " cannot be written: " + e.getMessage()));
        }
    }
}
