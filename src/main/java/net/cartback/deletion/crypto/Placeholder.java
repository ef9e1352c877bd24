package net.cartback.deletion.crypto;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Recognises a placeholder in the place of a secret: a template's variable, a reference to a secret
 * store, or words that ask for the secret. Anyone who has seen the template would know such a
 * secret.
 */
public final class Placeholder {

    /** Says what is wrong, for a message that begins with the name of the field. */
    public static final String RULE = "looks like a placeholder that nobody has filled in";

    /**
     * Shell, Compose, Helm, Jinja, Ansible, GitHub ({@code $…}, <code>{{…}}</code>), ERB and XML
     * ({@code <…>}), Windows and Python ({@code %…%}, {@code %(…)s}), autoconf ({@code @…@}), Ruby
     * ({@code #{…}}), brackets, and double underscores.
     */
    private static final Pattern TEMPLATE =
            Pattern.compile(
                    "\\$\\{.*\\}|\\$\\(.*\\)|\\$\\$?[A-Za-z_][A-Za-z0-9_]*|\\$?\\{\\{.*\\}\\}"
                            + "|<[A-Za-z0-9 _.,:'\"/%=()\\[\\]-]+>|%[A-Za-z_][A-Za-z0-9_]*%"
                            + "|%\\([A-Za-z0-9_]+\\)s?|@@?[A-Za-z_][A-Za-z0-9_.-]*@@?|#\\{.*\\}"
                            + "|#[A-Z_][A-Z0-9_]*#|![A-Z_][A-Z0-9_]*!|~[A-Z_][A-Z0-9_]*~"
                            + "|\\[.*\\]|\\{.*\\}|\\(\\(.*\\)\\)|\\$\\[\\[.*\\]\\]"
                            + "|::?[A-Za-z_][A-Za-z0-9_]*:?:?|__[A-Za-z0-9_]+__"
                            + "|\\$env:.*|\\{cipher\\}.*|\\$ANSIBLE_VAULT.*"
                            + "|.*getenv\\(.*|(process\\.|System\\.)?(env|ENV)[.\\[(].*",
                    Pattern.DOTALL);

    /** 1Password, vals, SOPS, Vault, the clouds' stores, files. */
    private static final Pattern REFERENCE =
            Pattern.compile(
                    "(op|ref\\+[a-z0-9]+|vault|secretref|awssm|awsssm|gcpsm|azkv|ssm|sm|file|env|doppler"
                        + "|keyvault|infisical|bws|akeyless)(://|:).*"
                        + "|arn:aws[a-z-]*:(secretsmanager|ssm):.*|projects/[^/]+/secrets/.*"
                        + "|enc[\\[(].*|encrypted:.*|!vault.*|/run/secrets/.*|secret/data/.*"
                        + "|@microsoft\\.keyvault.*",
                    Pattern.DOTALL);

    /** Long enough that no random text holds one by accident. */
    private static final Pattern WORDS =
            Pattern.compile(
                    "replace|change.?me|change.?it|change.?this|placeholder|example|insert"
                        + "|redacted|undefined|not.?set|fill.?(me|in)|put.?your"
                        + "|your.?(app|own|key|meta|facebook|webhook|value|token|secret|password)"
                        + "|(secret|password).?here|goes.?here"
                        + "|lorem.?ipsum|to.?be.?(defined|set|done|filled)|dummy|foobar");

    private static final Pattern SHORT_WORDS =
            Pattern.compile("(^|.*[-_ ])(todo|tbd|fixme|xxx+|here|your|none|null)([-_ :].*|$)");

    /** A name of what should stand here: {@code META_APP_SECRET_2}. */
    private static final Pattern NAME =
            Pattern.compile(
                    "([a-z]+[0-9]*[_ .-])*(secret|password|token|key)[0-9]*"
                            + "([_ .-]([a-z]+[0-9]*|[0-9]{1,4}))*"
                            + "|[a-z]*(secret|password)[a-z]*[0-9]{0,4}");

    /** What stands in an address or a name that a template should have filled in. */
    private static final String BRACKETS =
            "\\$\\{|\\{\\{|<[%?]|%\\{|#\\{|__[A-Z0-9_]+__|<[A-Za-z_-]+>";

    private static final String ORDERS = "(?iu:replace.?me|change.?me|fill.?me)";

    private static final Pattern PART = Pattern.compile(BRACKETS + "|" + ORDERS);

    /** Words of their own: people exchange metals, and replace media. */
    private static final Pattern PART_OF_WORDS =
            Pattern.compile(BRACKETS + "|(?<!\\p{L})" + ORDERS + "(?!\\p{L})");

    /** What somebody writes who writes the rest later. */
    private static final Pattern NOTE = Pattern.compile("(?i)\\W*(todo|tbd|fixme|xxx+|tba)\\W*");

    private static final int FEWEST_CHARACTERS = 4;

    private Placeholder() {}

    /** Whether the text is one. */
    public static boolean isOne(String text) {
        var plain = text.strip().toLowerCase(Locale.ROOT);
        return TEMPLATE.matcher(text.strip()).matches()
                || REFERENCE.matcher(plain).matches()
                || WORDS.matcher(plain).find()
                || SHORT_WORDS.matcher(plain).matches()
                || NAME.matcher(plain).matches()
                || plain.chars().distinct().count() < FEWEST_CHARACTERS;
    }

    /** Whether a part of the text is one: for names and addresses. */
    public static boolean isIn(String text) {
        return PART.matcher(text).find();
    }

    /** As {@link #RULE}, for a text that people read. */
    public static String ruleInWords(String text) {
        return text.contains("<")
                ? "must be plain text: what stands between < and > is a placeholder, or markup,"
                        + " which would be shown as it is"
                : RULE;
    }

    /** Whether one is in a text that people read, such as a name or a sentence. */
    public static boolean isInWords(String text) {
        return PART_OF_WORDS.matcher(text).find() || NOTE.matcher(text).matches();
    }
}
