package net.cartback.deletion.config;

import net.cartback.deletion.crypto.Placeholder;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The token of the admin API: the configured one, or one that is made beside the embedded database.
 */
public final class AdminToken {

    static final String FILE = "admin-token";
    static final String RULE = "must be 32 to 256 printable ASCII characters without spaces";
    private static final Pattern FORM = Pattern.compile("[\\x21-\\x7e]{32,256}");
    private static final int BYTES = 32;

    private AdminToken() {}

    static boolean isValid(String token) {
        return FORM.matcher(token).matches() && !Placeholder.isOne(token);
    }

    /** The token; null if none is configured and the database is not the embedded one. */
    public static @Nullable String load(Config config) {
        var configured = config.adminToken();
        if (configured != null) {
            return configured;
        }
        if (!config.isEmbedded()) {
            return null;
        }
        var file = config.dataDir().resolve(FILE);
        if (!Files.exists(file)) {
            var bytes = new byte[BYTES];
            new SecureRandom().nextBytes(bytes);
            SecretFile.write(file, HexFormat.of().formatHex(bytes) + "\n");
        }
        try {
            var token = Files.readString(file).strip();
            if (!isValid(token)) {
                // A token that anybody may guess must not open anything.
                throw new Refused(List.of(file + " " + RULE + "; delete it for a new one"));
            }
            return token;
        } catch (IOException e) {
            throw Refused.unreadable(file.toString(), e);
        }
    }
}
