package net.cartback.deletion;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.InvalidKeyring;
import net.cartback.deletion.crypto.Keyring;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;

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

    /**
     * Writes a new keyring to a file that must not exist yet: whole, or not at all, and on the disk
     * when this returns.
     */
    static void generate(Path file, InstantSource clock) {
        try {
            var directory = file.toAbsolutePath().resolveSibling(".").normalize();
            Files.createDirectories(directory);
            var whole = Files.createTempFile(directory, file.getFileName().toString(), ".new");
            try {
                write(whole, Keyring.generate(clock.instant(), RANDOM));
                Files.move(whole, file);
                // What it seals is durable from the first commit on, so it must be, too.
                force(directory);
            } finally {
                Files.deleteIfExists(whole);
            }
        } catch (FileAlreadyExistsException e) {
            throw new Config.Invalid(
                    List.of(file + " exists already; a keyring is never overwritten"));
        } catch (IOException e) {
            throw new Config.Invalid(List.of(file + " cannot be written: " + e.getMessage()));
        }
    }

    /** The temporary file is its owner's alone from the start, as all temporary files are. */
    private static void write(Path file, String keyring) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var bytes = UTF_8.encode(keyring);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    private static void force(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
