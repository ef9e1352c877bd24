package net.cartback.deletion;

import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/**
 * The token of the admin API: the configured one, or one that is made beside the embedded database.
 */
final class AdminToken {

    static final String FILE = "admin-token";
    private static final int BYTES = 32;

    private AdminToken() {}

    static String load(Config config) {
        var configured = config.adminToken();
        if (configured != null) {
            return configured;
        }
        var file = config.dataDir().resolve(FILE);
        if (!Files.exists(file)) {
            var bytes = new byte[BYTES];
            new SecureRandom().nextBytes(bytes);
            SecretFile.write(file, HexFormat.of().formatHex(bytes) + "\n");
        }
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new Config.Invalid(List.of(file + " cannot be read"));
        }
    }
}
