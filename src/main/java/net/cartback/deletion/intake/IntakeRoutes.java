package net.cartback.deletion.intake;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;

import net.cartback.deletion.crypto.SealBroken;
import net.cartback.deletion.recording.NewRequest;
import net.cartback.deletion.recording.OutOfStep;
import net.cartback.deletion.recording.RecordedRequest;
import net.cartback.deletion.recording.RequestBatcher;
import net.cartback.deletion.recording.Workers;
import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.registry.Registry;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.subject.IdType;
import net.cartback.deletion.subject.MetaUser;
import net.cartback.deletion.terms.Kind;
import net.cartback.deletion.terms.MetaAppId;
import net.cartback.deletion.terms.Origin;
import net.cartback.deletion.terms.Platform;
import net.cartback.deletion.terms.PublicUrl;
import net.cartback.deletion.web.Form;
import net.cartback.deletion.web.GuessLimiter;
import net.cartback.deletion.web.ProblemException;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Objects;

/**
 * Meta's callbacks: {@code POST /meta/{app_id}/data-deletion}, when a person wants to be forgotten,
 * and {@code POST /meta/{app_id}/deauthorize}, when a person has removed the app. Verify, record,
 * answer: after the commit, and without a call of a client system.
 */
public final class IntakeRoutes implements Routes {

    static final String DELETION = "/meta/{app_id}/data-deletion";
    static final String DEAUTHORIZATION = "/meta/{app_id}/deauthorize";
    private static final Duration WHEN_OVERLOADED = Duration.ofSeconds(2);
    private static final String FIELD = "signed_request";
    private static final int MAX_BODY_BYTES = 16 * 1024;

    /** What can come of a callback of an app that is registered. */
    private static final List<String> VERDICTS =
            List.of(
                    "created",
                    "repeated",
                    "unavailable",
                    "overloaded",
                    "failed",
                    "missing",
                    "malformed",
                    "bad-signature",
                    "wrong-algorithm",
                    "no-user",
                    "retired-app");

    private final Registry registry;
    private final RequestBatcher batcher;
    private final InstantSource clock;
    private final PublicUrl publicUrl;
    private final GuessLimiter guesses;
    private final Signatures signatures;
    private final Workers workers;
    private final MeterProvider<Counter> callbacks;

    /**
     * @param batcher records a request and returns after the commit
     * @param publicUrl read at each request
     * @param guesses slows down callers whose requests no secret of the app has signed
     * @param signatures records each valid and each invalid signature
     * @param workers woken after each commit that created deliveries
     */
    public IntakeRoutes(
            Registry registry,
            RequestBatcher batcher,
            InstantSource clock,
            PublicUrl publicUrl,
            GuessLimiter guesses,
            Signatures signatures,
            Workers workers,
            MeterRegistry meters) {
        this.registry = registry;
        this.batcher = batcher;
        this.clock = clock;
        this.publicUrl = publicUrl;
        this.guesses = guesses;
        this.signatures = signatures;
        this.workers = workers;
        this.callbacks =
                Counter.builder("relay.callbacks")
                        .description("Callbacks, by kind, app and verdict")
                        .withRegistry(meters);
    }

    /** Begins the counters of these apps at 0; again does nothing. */
    public void begin(Collection<MetaAppId> apps) {
        for (var app : apps) {
            for (var kind : List.of(Kind.DELETION, Kind.DEAUTHORIZATION)) {
                VERDICTS.forEach(verdict -> counter(kind, app.value(), verdict));
            }
        }
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post(DELETION, ctx -> answer(ctx, post(ctx, Kind.DELETION)));
        // Any 200 is an answer to a notice.
        routes.post(DEAUTHORIZATION, ctx -> post(ctx, Kind.DEAUTHORIZATION));
    }

    private RecordedRequest post(Context ctx, Kind kind) {
        MetaApp app = null;
        try {
            app = CalledApp.of(registry, ctx);
            CalledApp.requireNotRetired(app);
            var recording = batcher.record(request(ctx, kind, app));
            switch (recording) {
                case RecordedRequest.Created created -> {
                    count(kind, app, "created");
                    workers.wake();
                }
                case RecordedRequest.Repeated repeated -> count(kind, app, "repeated");
            }
            return recording;
        } catch (ProblemException e) {
            count(kind, app, e.type());
            throw e;
        } catch (RequestBatcher.Overloaded e) {
            count(kind, app, "overloaded");
            throw ProblemException.unavailable(
                    "Too many requests are waiting to be recorded; please try again",
                    WHEN_OVERLOADED);
        } catch (DatabaseUnavailable e) {
            count(kind, app, "unavailable");
            throw e;
        } catch (SealBroken e) {
            if (!e.isKeyMissing()) {
                count(kind, app, "failed");
                throw e;
            }
            // The code of a repeat: another replica has its key.
            count(kind, app, "unavailable");
            throw ProblemException.unavailable(
                    "The confirmation code of this request cannot be read now; please try again",
                    WHEN_OVERLOADED);
        } catch (OutOfStep e) {
            count(kind, app, "unavailable");
            throw ProblemException.unavailable(
                    "Nothing can be recorded here now; please try again", WHEN_OVERLOADED);
        } catch (RuntimeException | Error e) {
            count(kind, app, "failed");
            throw e;
        }
    }

    private NewRequest request(Context ctx, Kind kind, MetaApp app) {
        var signedRequest = Form.field(ctx, FIELD, MAX_BODY_BYTES);
        if (signedRequest.isEmpty() || signedRequest.get().isEmpty()) {
            throw refused("missing", "is required");
        }
        var verdict = SignedRequest.verify(signedRequest.get(), app.secrets(), clock.instant());
        return switch (verdict) {
            case SignedRequest.Verdict.Valid valid -> {
                signatures.good(app.id());
                var platform = valid.platform() == null ? app.platform() : valid.platform();
                yield new NewRequest(
                        kind,
                        new Origin.MetaCallback(
                                app.id(), platform, valid.secretId(), valid.issuedAt()),
                        new MetaUser(valid.userId(), idType(platform)));
            }
            case SignedRequest.Verdict.Malformed(var rule) -> throw refused("malformed", rule);
            case SignedRequest.Verdict.BadSignature() -> {
                signatures.bad(app.id());
                throw guesses.after(
                        ctx,
                        refused("bad-signature", "is not signed with a secret of this app")
                                .hinting(
                                        "is the app's secret in the registry the one that Meta"
                                                + " signs with? Each product (Facebook Login,"
                                                + " Instagram, Threads) has its own"));
            }
            case SignedRequest.Verdict.WrongAlgorithm() ->
                    throw refused("wrong-algorithm", "must say the algorithm HMAC-SHA256");
            case SignedRequest.Verdict.NoUser() ->
                    throw refused("no-user", "must name a user_id other than 0");
        };
    }

    /** Meta does not document what the user_id of an Instagram callback is. */
    private static IdType idType(Platform platform) {
        return platform == Platform.INSTAGRAM ? IdType.META_USER_ID : IdType.APP_SCOPED_USER_ID;
    }

    private void answer(Context ctx, RecordedRequest recording) {
        var code = Objects.requireNonNull(recording.code(), "A deletion has a code");
        var json =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("url", publicUrl.ofStatus(code))
                        .put("confirmation_code", code.value());
        ctx.contentType("application/json").result(json.toString());
    }

    private static ProblemException refused(String type, String rule) {
        return ProblemException.withField(400, type, FIELD, FIELD + " " + rule);
    }

    /** Unknown apps share one label: what a stranger types must not become a metric. */
    private void count(Kind kind, @Nullable MetaApp app, String verdict) {
        counter(kind, app == null ? "unknown" : app.id().value(), verdict).increment();
    }

    private Counter counter(Kind kind, String app, String verdict) {
        return callbacks.withTags("kind", kind.wireName(), "app", app, "verdict", verdict);
    }
}
