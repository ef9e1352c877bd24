package net.cartback.deletion.registry;

import java.util.List;

/**
 * A Meta app whose callbacks we take. An ended app still takes and forwards them: apps end,
 * requests do not.
 */
public record MetaApp(MetaAppId id, String name, Platform platform, List<AppSecret> secrets) {

    public MetaApp {
        secrets = List.copyOf(secrets);
    }
}
