package net.cartback.deletion.dispatch;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.dispatch.protocol.Protocols;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.registry.ClientSystem;
import net.cartback.deletion.subject.Person;
import net.cartback.deletion.subject.PersonUnreadable;
import net.cartback.deletion.subject.Subject;
import net.cartback.deletion.terms.Kind;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;

/** Sends one delivery by its system's protocol, and reads the reply. */
final class Sender {

    /** What an attempt came to. */
    record CallResult(Reply reply, Attempt attempt) {}

    /**
     * What came back.
     *
     * @param status null: no status did
     */
    private record Heard(Reply reply, @Nullable Integer status, byte[] beginning) {

        private static Heard nothing(Reply reply) {
            return new Heard(reply, null, new byte[0]);
        }
    }

    private final HttpCall http;
    private final Protocols protocols;
    private final SubjectSeal subjects;
    private final InstantSource clock;

    Sender(HttpCall http, Protocols protocols, SubjectSeal subjects, InstantSource clock) {
        this.http = http;
        this.protocols = protocols;
        this.subjects = subjects;
        this.clock = clock;
    }

    CallResult send(ClaimedDelivery delivery, @Nullable ClientSystem system) {
        var startedAt = clock.instant();
        long start = System.nanoTime();
        var heard = call(delivery, system);
        var reply = heard.reply();
        var duration = Duration.ofNanos(System.nanoTime() - start);
        return new CallResult(
                reply,
                new Attempt(
                        startedAt,
                        duration,
                        reply.replyClass(),
                        reply.error(),
                        heard.status(),
                        heard.beginning()));
    }

    private Heard call(ClaimedDelivery delivery, @Nullable ClientSystem system) {
        if (system == null) {
            return Heard.nothing(new Reply.SystemAtFault(ErrorClass.UNREGISTERED));
        }
        var protocol = protocols.of(system);
        var obstacle = protocol.obstacle(system);
        if (obstacle != null) {
            return Heard.nothing(new Reply.SystemAtFault(obstacle));
        }
        Subject subject;
        try {
            subject = subjects.open(delivery);
        } catch (SealBroken e) {
            return Heard.nothing(
                    e.isKeyMissing()
                            ? new Reply.NotSent(ErrorClass.KEY_MISSING)
                            : new Reply.Unsendable(ErrorClass.SUBJECT_UNREADABLE));
        } catch (PersonUnreadable e) {
            return Heard.nothing(new Reply.Unsendable(ErrorClass.SUBJECT_UNREADABLE));
        }
        if (subject instanceof Person person && !isToldOf(system, person)) {
            return Heard.nothing(new Reply.Unsendable(ErrorClass.NO_IDENTIFIER));
        }
        var watch = new CallWatch();
        var request =
                protocol.delivery(delivery, subject, system).tag(CallWatch.class, watch).build();
        return switch (http.make(request, system, watch)) {
            case HttpCall.Outcome.Replied(var came) ->
                    new Heard(
                            protocol.read(delivery.kind(), system, came, delivery.id().madeAt()),
                            came.status(),
                            beginning(came.body().bytes()));
            case HttpCall.Outcome.Failed(var failed, var _) -> Heard.nothing(failed);
        };
    }

    /** Whom a system cannot find, it is not told of; nor is one that does not want to hear. */
    private static boolean isToldOf(ClientSystem system, Person person) {
        return system.hears(Kind.PERSON) && person.isFoundBy(system.accepts());
    }

    private static byte[] beginning(byte[] body) {
        return Arrays.copyOf(body, Math.min(body.length, Attempt.MAX_ANSWER));
    }
}
