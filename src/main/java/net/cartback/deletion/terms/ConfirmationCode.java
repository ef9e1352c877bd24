package net.cartback.deletion.terms;

import static java.lang.Character.MODIFIER_LETTER;
import static java.nio.charset.StandardCharsets.US_ASCII;

import net.cartback.deletion.crypto.Digest;

import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * The code under which a person finds the state of their request: 26 characters of Crockford's
 * base32 (130 random bits), alphanumeric as Meta asks. Whoever knows it may read the status, so
 * {@link #toString} does not show it.
 */
public record ConfirmationCode(String value) {

    private static final String ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final int LENGTH = 26;

    /** Longer than any spelling with something between all characters. */
    private static final int MAX_INPUT = 200;

    private static final Pattern ADDRESS =
            Pattern.compile("(?is)\\W*https?://[^?#]*/status/([^/?#]*).*");

    public ConfirmationCode {
        if (value.length() != LENGTH || !value.chars().allMatch(c -> ALPHABET.indexOf(c) >= 0)) {
            throw new IllegalArgumentException("A confirmation code is 26 characters of base32");
        }
    }

    /** A new code. The generator must be cryptographically strong. */
    public static ConfirmationCode random(RandomGenerator random) {
        var bits = new byte[LENGTH];
        random.nextBytes(bits);
        var code = new StringBuilder(LENGTH);
        for (byte each : bits) {
            code.append(ALPHABET.charAt(each & 0x1F));
        }
        return new ConfirmationCode(code.toString());
    }

    /**
     * Reads a code that a person typed, or copied from a mail or a document. Case does not matter.
     * Characters that are neither letters nor digits are ignored. O reads as 0, I and L as 1. The
     * URL of a status page is read as the code in it. Empty if the text cannot be a code.
     */
    public static Optional<ConfirmationCode> typed(String text) {
        if (text.length() > MAX_INPUT) {
            return Optional.empty();
        }
        var address = ADDRESS.matcher(text);
        var typed = address.matches() ? address.group(1) : text;
        var code = new StringBuilder(LENGTH);
        for (int i = 0; i < typed.length(); i += Character.charCount(typed.codePointAt(i))) {
            int c = typed.codePointAt(i);
            // An apostrophe may be a letter that modifies another.
            if (!Character.isLetterOrDigit(c) || Character.getType(c) == MODIFIER_LETTER) {
                continue;
            }
            char read = c < 128 ? read((char) c) : 0;
            if (read == 0 || code.length() == LENGTH) {
                return Optional.empty();
            }
            code.append(read);
        }
        return code.length() == LENGTH
                ? Optional.of(new ConfirmationCode(code.toString()))
                : Optional.empty();
    }

    private static char read(char c) {
        // Not Character.toUpperCase: it maps letters of other alphabets onto ours.
        char upper = c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
        return switch (upper) {
            case 'O' -> '0';
            case 'I', 'L' -> '1';
            default -> ALPHABET.indexOf(upper) >= 0 ? upper : 0;
        };
    }

    /** SHA-256 of the code, by which it is looked up. 130 random bits need no key. */
    public byte[] digest() {
        return Digest.sha256(value.getBytes(US_ASCII));
    }

    @Override
    public String toString() {
        return "ConfirmationCode[hidden]";
    }
}
