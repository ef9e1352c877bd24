package net.cartback.deletion.operation;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.gate.Gates;
import net.cartback.deletion.operation.OperatorNotes.Concern;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ClientSystemId;
import net.cartback.deletion.terms.DeliveryId;
import net.cartback.deletion.terms.OperatorNote;
import net.cartback.deletion.terms.Verb;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Test deliveries that operators ask for. They are kept for a week, and concern nobody.
 *
 * <p>Safe beside other replicas.
 */
public final class TestDeliveries {

    private static final String TIDY = "DELETE FROM test_delivery WHERE requested_at < :before";

    private static final String ADD =
            """
            INSERT INTO test_delivery (id, system_id, requested_at)
            VALUES (:id, :system, :now)
            """;

    private static final String TAKE =
            """
            UPDATE test_delivery
               SET taken_at = :now
             WHERE id = (SELECT id FROM test_delivery
                          WHERE steps IS NULL
                            AND (taken_at IS NULL
                                 OR taken_at < :given_up)
                          ORDER BY requested_at
                          LIMIT 1
                            FOR UPDATE SKIP LOCKED)
            RETURNING id, system_id
            """;

    private static final String DONE =
            """
            UPDATE test_delivery
               SET steps = CAST(:steps AS jsonb)
             WHERE id = :id
            """;

    private static final String SYSTEM_OF = "SELECT system_id FROM test_delivery WHERE id = :id";

    private static final String RECEIVED =
            """
            UPDATE test_delivery
               SET receipt = CAST(:receipt AS jsonb)
             WHERE id = :id
            """;

    private static final String FIND =
            """
            SELECT steps::text AS steps, receipt::text AS receipt
              FROM test_delivery
             WHERE id = :id AND system_id = :system
            """;

    /**
     * One step of a test.
     *
     * @param step what was looked at
     * @param ok null: it was not come to
     */
    public record Step(String step, @Nullable Boolean ok, String detail) {}

    /** A test that is to be made. */
    public record OpenTest(UUID id, ClientSystemId system) {}

    /** A test and what came of it; null: nothing yet. */
    public record Test(
            UUID id, ClientSystemId system, @Nullable List<Step> steps, @Nullable Step receipt) {}

    /**
     * A test makes two calls of at most a minute each: a replica that has not reported by then has
     * died.
     */
    private static final Duration GIVEN_UP = Duration.ofMinutes(3);

    private static final Duration LIFE = Duration.ofDays(7);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Database database;
    private final InstantSource clock;
    private final OperatorNotes notes;

    public TestDeliveries(Database database, Keyring keyring, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        this.notes = new OperatorNotes(keyring, clock);
    }

    /** Asks for a test; some replica makes it soon. */
    public UUID ask(ClientSystemId system, OperatorNote note) {
        var id = UUID.randomUUID();
        var now = clock.instant();
        database.inTransaction(
                note.actor(),
                handle -> {
                    handle.createUpdate(TIDY).bind("before", now.minus(LIFE)).execute();
                    handle.createUpdate(ADD)
                            .bind("id", id)
                            .bind("system", system.value())
                            .bind("now", now)
                            .execute();
                    notes.keep(handle, Verb.TEST, Concern.of(system, 0), note);
                    return null;
                });
        return id;
    }

    /** Takes one test that nobody makes. */
    public Optional<OpenTest> take() {
        var now = clock.instant();
        return database.inTransaction(
                handle ->
                        handle.createQuery(TAKE)
                                .bind("now", now)
                                .bind("given_up", now.minus(GIVEN_UP))
                                .map(
                                        (row, context) ->
                                                new OpenTest(
                                                        row.getObject("id", UUID.class),
                                                        new ClientSystemId(
                                                                row.getString("system_id"))))
                                .findOne());
    }

    /**
     * Says what came of a test.
     *
     * @param good whether a delivery would have arrived: a system that is held is probed at once
     */
    public void done(OpenTest test, List<Step> steps, boolean good) {
        database.inTransaction(
                handle -> {
                    handle.createUpdate(DONE)
                            .bind("steps", json(steps))
                            .bind("id", test.id())
                            .execute();
                    return good
                            ? Gates.probeNow(handle, List.of(test.system()), clock.instant())
                            : 0;
                });
    }

    /** To which system a test of this id goes; empty if there is none. */
    public Optional<ClientSystemId> systemOf(DeliveryId test) {
        return database.withHandle(
                handle ->
                        handle.createQuery(SYSTEM_OF)
                                .bind("id", test.value())
                                .mapTo(String.class)
                                .findOne()
                                .map(ClientSystemId::new));
    }

    /**
     * Keeps what became of a receipt that came for a test: the last one.
     *
     * @param ok whether it was taken
     */
    public void received(DeliveryId test, boolean ok, String detail) {
        database.inTransaction(
                handle ->
                        handle.createUpdate(RECEIVED)
                                .bind("receipt", json(List.of(new Step("receipt", ok, detail))))
                                .bind("id", test.value())
                                .execute());
    }

    /** A test of this system; empty if there is none of this id. */
    public Optional<Test> find(ClientSystemId system, UUID id) {
        return database.withHandle(
                handle ->
                        handle.createQuery(FIND)
                                .bind("id", id)
                                .bind("system", system.value())
                                .map(
                                        (row, context) ->
                                                new Test(
                                                        id,
                                                        system,
                                                        steps(row.getString("steps")),
                                                        receipt(row.getString("receipt"))))
                                .findOne());
    }

    private static @Nullable Step receipt(@Nullable String json) {
        var steps = steps(json);
        return steps == null ? null : steps.getFirst();
    }

    private static String json(List<Step> steps) {
        try {
            return JSON.writeValueAsString(steps);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("Steps have no JSON form", e);
        }
    }

    private static @Nullable List<Step> steps(@Nullable String json) {
        if (json == null) {
            return null;
        }
        try {
            return JSON.readValue(json, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("test_delivery.steps holds no steps", e);
        }
    }
}
