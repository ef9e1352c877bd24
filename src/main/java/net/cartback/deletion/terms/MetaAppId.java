package net.cartback.deletion.terms;

import java.util.regex.Pattern;

/** The id of an app in Meta's dashboard: 1 to 20 digits. */
public record MetaAppId(String value) {

    private static final Pattern FORM = Pattern.compile("[0-9]{1,20}");

    public MetaAppId {
        if (!isValid(value)) {
            throw new IllegalArgumentException("A Meta app id is 1 to 20 digits");
        }
    }

    /** Whether the text has the form of an app id. */
    public static boolean isValid(String value) {
        return FORM.matcher(value).matches();
    }

    @Override
    public String toString() {
        return value;
    }
}
