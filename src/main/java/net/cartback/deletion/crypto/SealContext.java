package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * Where a sealed value stands: table, column and the row's key. It is the associated data of the
 * seal, so a ciphertext copied to any other place does not open (NIST SP 800-38D, section 4).
 *
 * <p>Immutable.
 */
public record SealContext(String table, String column, String row) {

    byte[] associatedData() {
        return (table + '\n' + column + '\n' + row).getBytes(UTF_8);
    }
}
