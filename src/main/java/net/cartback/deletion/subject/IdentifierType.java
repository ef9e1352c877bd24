package net.cartback.deletion.subject;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.net.IDN;
import java.text.Normalizer;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The kinds of identifiers by which a person may be found, each with its form. A form is what the
 * value must look like once what people add for reading (blanks, dashes, a leading at sign) is
 * gone.
 */
public enum IdentifierType implements WireName {
    /** An e-mail address (RFC 5321, without quoted local parts). */
    EMAIL(
            "(?!\\.)(?!.*\\.[.@])[^@\"(),:;<>\\[\\]\\\\\\p{C}\\p{Z}]{1,64}@[^@\\p{C}\\p{Z}]{1,253}",
            "must be an e-mail address, like dana@example.com"),
    /** A telephone number (ITU-T E.164). */
    PHONE("\\+[1-9][0-9]{6,14}", "must be a phone number with its country, like +1 907 555 0100"),
    /** The address of a profile at Facebook. */
    FACEBOOK_PROFILE(
            "(?i:https://([a-z0-9-]{1,63}\\.)?facebook\\.com)/[^\\s\\p{C}]{1,200}",
            "must be the address of a profile, like https://www.facebook.com/dana.example"),
    FACEBOOK_USERNAME("[A-Za-z0-9.]{1,64}", "must be a user name, like dana.example"),
    INSTAGRAM_USERNAME("[A-Za-z0-9._]{1,64}", "must be a user name, like dana_example"),
    THREADS_USERNAME("[A-Za-z0-9._]{1,64}", "must be a user name, like dana_example"),
    /** The number of an account at WhatsApp (ITU-T E.164). */
    WHATSAPP_NUMBER(
            "\\+[1-9][0-9]{6,14}", "must be a phone number with its country, like +1 907 555 0100"),
    /** What WhatsApp calls a person for one business (business-scoped user id). */
    WHATSAPP_BSUID(
            "[A-Z]{2}\\.[A-Za-z0-9]{1,128}",
            "must be a business-scoped user id, like US.13491208655302741918"),
    /** What Messenger calls a person for one page. */
    MESSENGER_PSID(Forms.ID, "must be a page-scoped id: digits"),
    /** What Facebook calls a person for one app. */
    APP_SCOPED_USER_ID(Forms.ID, "must be an app-scoped user id: digits"),
    /** Never verified: many people share a name. */
    FULL_NAME(Forms.WORDS, "must be 1 to 200 characters that show something"),
    /** Whatever else may help to find the person. Never verified. */
    OTHER(Forms.WORDS, "must be 1 to 200 characters that show something");

    /** What people add to a number for reading: blanks, dashes, marks of direction, brackets. */
    private static final Pattern FOR_READING = Pattern.compile("[\\s\\p{Z}\\p{Pd}\\p{Cf}()./]+");

    /** A zero that is dialled within the country only: the number without it is another. */
    private static final Pattern TRUNK_ZERO = Pattern.compile("\\(\\s*0\\s*\\)");

    /** What some keyboards write for a full stop (UTS 46, section 2.3). */
    private static final Pattern FULL_STOP = Pattern.compile("[\\u3002\\uFF0E\\uFF61]");

    private static final int MAX_DOMAIN = 253;

    private final Pattern form;
    private final String rule;

    IdentifierType(String form, String rule) {
        this.form = Pattern.compile(form);
        this.rule = rule;
    }

    private static final class Forms {

        /** Of Meta's; 0 is nobody's. */
        static final String ID = "(?!0+$)[0-9]{1,32}";

        /** The two joiners are letters' shapes in Indic scripts and in Persian. */
        static final String WORDS =
                "(?=.*[\\p{L}\\p{N}])(?:[\\u200C\\u200D]"
                        + "|[^\\p{C}\\u2028\\u2029\\u3164\\u115F\\u1160\\uFFA0]){1,200}";
    }

    /** What to tell somebody whose value has not this form. */
    public String rule() {
        return rule;
    }

    /** One that nobody has, for a test. */
    public String ofNobody() {
        return switch (this) {
            // Nobody has an address there (RFC 2606).
            case EMAIL -> "test@deletion-relay.invalid";
            // Of the numbers that are kept free for such uses (NANP 555-0100 to 0199).
            case PHONE, WHATSAPP_NUMBER -> "+15555550100";
            case FACEBOOK_PROFILE -> "https://www.facebook.com/deletion-relay.test.nobody";
            case FACEBOOK_USERNAME, INSTAGRAM_USERNAME, THREADS_USERNAME ->
                    "deletion.relay.test.nobody";
            case WHATSAPP_BSUID -> "ZZ.0";
            case MESSENGER_PSID, APP_SCOPED_USER_ID -> "1";
            case FULL_NAME, OTHER -> "test";
        };
    }

    /** Whether one of these can be established to be one person's. */
    public boolean isVerifiable() {
        return this != FULL_NAME && this != OTHER;
    }

    /** The value as it is kept and sent; empty: it has not the form. */
    public Optional<String> read(String typed) {
        if (!UTF_8.newEncoder().canEncode(typed)) {
            return Optional.empty();
        }
        var value = plain(Normalizer.normalize(typed.strip(), Normalizer.Form.NFC));
        return value != null && form.matcher(value).matches()
                ? Optional.of(value)
                : Optional.empty();
    }

    /** One spelling for all that mean the same: capitals of ASCII, and no other letters. */
    String compared(String value) {
        return switch (this) {
            case EMAIL, FACEBOOK_USERNAME, INSTAGRAM_USERNAME, THREADS_USERNAME -> small(value);
            case FACEBOOK_PROFILE -> {
                int path = value.indexOf('/', "https://".length());
                yield small(value.substring(0, path)) + value.substring(path);
            }
            default -> value;
        };
    }

    private static String small(String text) {
        var small = new StringBuilder(text.length());
        text.chars()
                .map(sign -> sign >= 'A' && sign <= 'Z' ? sign + ('a' - 'A') : sign)
                .forEach(sign -> small.append((char) sign));
        return small.toString();
    }

    private @Nullable String plain(String typed) {
        return switch (this) {
            case EMAIL -> address(typed);
            case PHONE, WHATSAPP_NUMBER ->
                    TRUNK_ZERO.matcher(typed).find()
                            ? null
                            : FOR_READING.matcher(typed).replaceAll("");
            case FACEBOOK_USERNAME, INSTAGRAM_USERNAME, THREADS_USERNAME ->
                    typed.startsWith("@") ? typed.substring(1) : typed;
            default -> typed;
        };
    }

    private static @Nullable String address(String typed) {
        int at = typed.lastIndexOf('@');
        if (at < 0) {
            return null;
        }
        var domain = FULL_STOP.matcher(typed.substring(at + 1)).replaceAll(".");
        try {
            // Also to find what is no domain. A letter that it would replace by another stays.
            var ascii = IDN.toASCII(domain, IDN.USE_STD3_ASCII_RULES);
            if (!ascii.contains(".") || ascii.endsWith(".") || ascii.length() > MAX_DOMAIN) {
                return null;
            }
            var letters = IDN.toUnicode(domain, IDN.USE_STD3_ASCII_RULES);
            return typed.substring(0, at + 1)
                    + Normalizer.normalize(letters, Normalizer.Form.NFKC).toLowerCase(Locale.ROOT);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }
}
