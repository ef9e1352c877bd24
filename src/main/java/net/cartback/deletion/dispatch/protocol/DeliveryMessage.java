package net.cartback.deletion.dispatch.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;

import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.Identifier;
import net.cartback.deletion.subject.IdentifierType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.Right;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.subject.Verification;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.terms.RequestId;
import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * The body of a delivery: {@code deletion.requested}, {@code person.requested}, or {@code
 * deauthorization.received}, which has no due date and nowhere to answer to. It is the same bytes
 * on every attempt, unless the system accepts other identifiers meanwhile, or an earlier letter of
 * the person was found.
 */
final class DeliveryMessage {

    private static final int EXPECTED_BYTES = 700;
    private static final JsonFactory JSON = new JsonFactory();

    private DeliveryMessage() {}

    /** What a test sends: like any other, of an app and a person that do not exist. */
    static byte[] test(DeliveryId id, Instant now, PublicUrl publicUrl, ClientSystem system) {
        boolean ofPerson = system.testedAs() == Kind.PERSON;
        var nobody =
                new ClaimedDelivery(
                        id,
                        // Not the delivery's id, so that a test shows if a receiver confuses them.
                        new RequestId(UUID.nameUUIDFromBytes(id.toString().getBytes(UTF_8))),
                        new ClientSystemId("test"),
                        id.value(),
                        1,
                        0,
                        false,
                        system.testedAs(),
                        new MetaAppId("0"),
                        Platform.FACEBOOK,
                        IdType.APP_SCOPED_USER_ID,
                        new byte[0],
                        now,
                        now,
                        now.plus(Duration.ofDays(30)));
        var subject =
                ofPerson
                        ? nobody(system.accepts())
                        : new MetaUser("test", IdType.APP_SCOPED_USER_ID);
        return of(nobody, subject, system.accepts(), publicUrl, true);
    }

    /** Found by the first kind that the system accepts, and which can be verified. */
    private static Person nobody(Set<IdentifierType> accepts) {
        var type =
                accepts.stream()
                        .filter(IdentifierType::isVerifiable)
                        .min(Comparator.naturalOrder())
                        .orElse(IdentifierType.EMAIL);
        return new Person(
                Right.ERASURE,
                List.of(new Identifier(type, type.ofNobody(), Verification.OPERATOR_LETTER)),
                null,
                null);
    }

    /**
     * @param accepts the kinds of identifiers that are told of a person
     */
    static byte[] of(
            ClaimedDelivery delivery,
            Subject subject,
            Set<IdentifierType> accepts,
            PublicUrl publicUrl,
            boolean test) {
        var id = delivery.id().toString();
        var received = delivery.receivedAt().toString();
        var bytes = new ByteArrayOutputStream(EXPECTED_BYTES);
        try (var json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            json.writeStringField(
                    "type",
                    switch (delivery.kind()) {
                        case DELETION -> "deletion.requested";
                        case DEAUTHORIZATION -> "deauthorization.received";
                        case PERSON -> "person.requested";
                    });
            json.writeStringField("timestamp", received);
            json.writeObjectFieldStart("data");
            json.writeStringField("request_id", delivery.request().toString());
            json.writeStringField("delivery_id", id);
            json.writeStringField("app_id", delivery.app().value());
            json.writeStringField("platform", delivery.platform().wireName());
            switch (subject) {
                case MetaUser user -> write(json, user);
                case Person person -> write(json, person, accepts);
            }
            json.writeStringField("requested_at", delivery.requestedAt().toString());
            json.writeStringField("received_at", received);
            if (delivery.kind().isAnswered()) {
                json.writeStringField("due_at", delivery.dueAt().toString());
                json.writeStringField("receipt_url", publicUrl.ofReceipt(delivery.id()));
            }
            json.writeBooleanField("test", test);
            json.writeEndObject();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("Writing to memory failed", e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, MetaUser user) throws IOException {
        json.writeObjectFieldStart("subject");
        json.writeStringField("id", user.id());
        json.writeStringField("id_type", user.type().wireName());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Person person, Set<IdentifierType> accepts)
            throws IOException {
        json.writeStringField("right", person.right().wireName());
        json.writeObjectFieldStart("subject");
        json.writeArrayFieldStart("identifiers");
        for (var each : person.identifiers()) {
            if (accepts.contains(each.type())) {
                json.writeStartObject();
                json.writeStringField("type", each.type().wireName());
                json.writeStringField("value", each.value());
                json.writeStringField("verified", wireName(each.verified()));
                json.writeEndObject();
            }
        }
        json.writeEndArray();
        json.writeStringField("on_behalf_of", wireName(person.onBehalfOf()));
        json.writeEndObject();
        json.writeStringField("wish", person.wish());
    }

    private static @Nullable String wireName(@Nullable WireName one) {
        return one == null ? null : one.wireName();
    }
}
