package net.cartback.deletion.registry;

import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.MetaAppId;

/** A client system that serves a Meta app: it must hear of the app's deletions. */
public record Subscription(MetaAppId app, ClientSystemId system) {

    /** From the two ids as text. */
    public static Subscription of(String app, String system) {
        return new Subscription(new MetaAppId(app), new ClientSystemId(system));
    }
}
