package net.cartback.deletion.dispatch;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.Settlement;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.DatabaseUnavailable;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/** Makes attempts: sends a claimed delivery, and says what follows from what came back. */
final class Attempts {

    private static final Logger log = LoggerFactory.getLogger(Attempts.class);

    private final Registry registry;
    private final Sender sender;
    private final ReplyPolicy consequences;
    private final InstantSource clock;

    Attempts(Registry registry, Sender sender, ReplyPolicy consequences, InstantSource clock) {
        this.registry = registry;
        this.sender = sender;
        this.consequences = consequences;
        this.clock = clock;
    }

    /** The boundary of one delivery: whatever fails in here fails for this delivery alone. */
    Settlement make(ClaimedDelivery delivery) {
        try {
            var system = system(delivery).orElse(null);
            var sent = sender.send(delivery, system);
            return consequences.of(delivery, system, sent.attempt(), sent.reply());
        } catch (RuntimeException | StackOverflowError e) {
            log.atError()
                    .addKeyValue("delivery_id", delivery.id())
                    .setCause(e)
                    .log("A delivery failed unexpectedly; it is sent again later");
            return ourFault(delivery, clock.instant());
        }
    }

    /** A probe goes to what was registered last, if that can be read now. */
    private Optional<ClientSystem> system(ClaimedDelivery delivery) {
        if (delivery.probe()) {
            try {
                return registry.systemNow(delivery.system());
            } catch (DatabaseUnavailable | SealBroken e) {
                log.debug("The registry cannot be read now; a probe goes by its copy", e);
            }
        }
        return registry.system(delivery.system());
    }

    /** What is written instead of a result that cannot be written. */
    Settlement failed(Settlement unwritable) {
        return ourFault(unwritable.delivery(), unwritable.attempt().startedAt());
    }

    private Settlement ourFault(ClaimedDelivery delivery, Instant startedAt) {
        var reply = new Reply.TryAgain(ErrorClass.INTERNAL);
        var attempt =
                new Attempt(
                        startedAt,
                        Duration.ZERO,
                        reply.replyClass(),
                        ErrorClass.INTERNAL,
                        null,
                        new byte[0]);
        return consequences.of(delivery, null, attempt, reply);
    }
}
