package net.cartback.deletion.dispatch;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.dispatch.protocol.Protocols;
import net.cartback.deletion.dispatch.protocol.Reply;
import net.cartback.deletion.ledger.Attempt;
import net.cartback.deletion.ledger.ClaimedDelivery;
import net.cartback.deletion.ledger.ErrorClass;
import net.cartback.deletion.ledger.SubjectSeal;
import net.cartback.deletion.registry.ClientSystem;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;

/** Sends one delivery by its system's protocol, and reads the reply. */
final class Sender {

    /** What an attempt came to. */
    record CallResult(Reply reply, Attempt attempt) {}

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
        Integer status = null;
        var beginning = new byte[0];
        Reply reply;
        var obstacle =
                system == null ? ErrorClass.UNREGISTERED : protocols.of(system).obstacle(system);
        if (system == null || obstacle != null) {
            reply = new Reply.SystemAtFault(obstacle == null ? ErrorClass.UNREGISTERED : obstacle);
        } else {
            try {
                var watch = new CallWatch();
                var request =
                        protocols
                                .of(system)
                                .delivery(delivery, subjects.open(delivery), system)
                                .tag(CallWatch.class, watch)
                                .build();
                switch (http.make(request, system, watch)) {
                    case HttpCall.Outcome.Replied(var came) -> {
                        status = came.status();
                        beginning = beginning(came.body().bytes());
                        reply =
                                protocols
                                        .of(system)
                                        .read(
                                                delivery.kind(),
                                                system,
                                                came,
                                                delivery.id().madeAt());
                    }
                    case HttpCall.Outcome.Failed(var failed, var cause) -> reply = failed;
                }
            } catch (SealBroken e) {
                reply =
                        e.isKeyMissing()
                                ? new Reply.NotSent(ErrorClass.KEY_MISSING)
                                : new Reply.DeliveryAtFault(ErrorClass.SUBJECT_UNREADABLE);
            }
        }
        var duration = Duration.ofNanos(System.nanoTime() - start);
        return new CallResult(
                reply,
                new Attempt(
                        startedAt, duration, reply.replyClass(), reply.error(), status, beginning));
    }

    private static byte[] beginning(byte[] body) {
        return Arrays.copyOf(body, Math.min(body.length, Attempt.MAX_ANSWER));
    }
}
