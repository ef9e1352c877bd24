package net.cartback.deletion.registry;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import net.cartback.deletion.crypto.Placeholder;
import net.cartback.deletion.crypto.WebhookSecret;
import net.cartback.deletion.yaml.YamlFields;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;

/** Reads the secrets of an app or of a system. */
final class SecretReader {

    private static final String PLACEHOLDER =
            Placeholder.RULE + "; an environment variable is written ${NAME}";
    private static final Pattern APP_SECRET = Pattern.compile("[\\x21-\\x7E]{16,256}");
    private static final Pattern PRINTABLE = Pattern.compile("[ -~]+");

    private SecretReader() {}

    static List<RegistryFile.Secret> appSecrets(YamlFields app) {
        return secrets(app, false);
    }

    static List<RegistryFile.Secret> webhookSecrets(YamlFields system) {
        return secrets(system, true);
    }

    private static List<RegistryFile.Secret> secrets(YamlFields owner, boolean webhook) {
        var secrets = new ArrayList<RegistryFile.Secret>();
        var values = new HashSet<String>();
        var entries = owner.objects("secrets");
        for (var secret : entries) {
            secret.allow("label", "value", "not_after", "id");
            var id = secret.has("id") ? secret.uuid("id") : null;
            var value = secret.has("id") ? null : secret.required("value", text -> true, "");
            if (value == null && id == null) {
                continue;
            }
            var fault =
                    value == null ? null : webhook ? webhookFault(value) : appSecretFault(value);
            if (id != null && secret.has("value")) {
                secret.fault("value", "must not be given together with id");
            } else if (fault != null) {
                secret.fault("value", fault);
            } else if (!values.add(value == null ? String.valueOf(id) : value)) {
                secret.fault("value", "is given twice in this list");
            }
            secrets.add(
                    new RegistryFile.Secret(
                            secret.text("label", 1, 64),
                            value,
                            secret.instant("not_after"),
                            id,
                            secret.names()));
        }
        if (entries.isEmpty()) {
            owner.fault("secrets", "must hold at least one secret");
        } else if (entries.size() > 10) {
            owner.fault("secrets", "must hold at most 10 secrets");
        }
        return secrets;
    }

    private static @Nullable String appSecretFault(String value) {
        if (Placeholder.isOne(value)) {
            return PLACEHOLDER;
        }
        return APP_SECRET.matcher(value).matches()
                ? null
                : "must be 16 to 256 printable ASCII characters without spaces";
    }

    private static @Nullable String webhookFault(String value) {
        try {
            var _ = WebhookSecret.parse(value);
            var base64 = value.substring(WebhookSecret.PREFIX.length());
            var decoded = new String(Base64.getDecoder().decode(base64), ISO_8859_1);
            return Placeholder.isOne(base64)
                            || (PRINTABLE.matcher(decoded).matches() && Placeholder.isOne(decoded))
                    ? PLACEHOLDER
                    : null;
        } catch (IllegalArgumentException e) {
            return Placeholder.isOne(value) ? PLACEHOLDER : e.getMessage();
        }
    }
}
