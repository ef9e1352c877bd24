package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.ClientSystem.Credential;

/**
 * Chooses the protocol of a client system by its credential: a new credential does not compile
 * until it has a protocol.
 */
public final class Protocols {

    private final Protocol webhooks;

    public Protocols(Protocol webhooks) {
        this.webhooks = webhooks;
    }

    /** The protocol that this system speaks. */
    public Protocol of(ClientSystem system) {
        return switch (system.credential()) {
            case Credential.WebhookSecrets _ -> webhooks;
        };
    }
}
