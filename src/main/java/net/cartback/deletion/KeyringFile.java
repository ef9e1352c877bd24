package net.cartback.deletion;

import net.cartback.deletion.crypto.InvalidKeyring;
import net.cartback.deletion.crypto.Keyring;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;

/** The file in which the keyring stands. */
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
        SecretFile.write(file, Keyring.generate(clock.instant(), RANDOM));
    }
}
