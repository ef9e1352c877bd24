package net.cartback.deletion.dispatch.protocol;

import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;

import okhttp3.Request;

import org.jspecify.annotations.Nullable;

import java.time.Instant;

/**
 * A protocol of client systems: the request, its authorisation and the meaning of the reply. The
 * schedule, the connection and the consequences of a reply are the same for all protocols.
 */
public interface Protocol {

    /** Why nothing may be sent to this system now; null: nothing speaks against it. */
    @Nullable ErrorClass obstacle(ClientSystem system);

    /**
     * What a delivery sends.
     *
     * @param subject whom it is about; of a {@link Person} the system {@linkplain
     *     ClientSystem#accepts accepts} at least one verified identifier
     */
    Request.Builder delivery(ClaimedDelivery delivery, Subject subject, ClientSystem system);

    /** What a test delivery sends: it concerns nobody. */
    Request.Builder test(DeliveryId id, ClientSystem system);

    /**
     * A test that is not authorised, and that only careful receivers refuse; null: the protocol has
     * none.
     */
    Request.@Nullable Builder forgery(ClientSystem system);

    /**
     * What a reply means.
     *
     * @param kind what was sent
     * @param made when the delivery was made
     */
    Reply read(Kind kind, ClientSystem system, HttpReply reply, Instant made);
}
