package net.cartback.deletion.registry;

import net.cartback.deletion.language.Names;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;

import java.util.List;

/**
 * A Meta app whose callbacks we take. An ended app still takes and forwards them: apps end,
 * requests do not.
 *
 * @param retired whether its callbacks are taken no more
 */
public record MetaApp(
        MetaAppId id, Names name, Platform platform, boolean retired, List<AppSecret> secrets) {

    public MetaApp {
        secrets = List.copyOf(secrets);
    }
}
