package net.cartback.deletion.reading;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import net.cartback.deletion.ledger.AnswerColumns;
import net.cartback.deletion.storage.Columns;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Optional;

/** SQL that reads what a proof says. */
final class ProofSql {

    private static final String FACTS =
            """
            SELECT q.kind, q.app_id,
                   CASE WHEN q.kind <> 'person' THEN q.platform END AS platform,
                   q.requested_at, q.received_at, q.due_at,
                   q.closed_at AS completed_at, c.public_name, d.id, d.round,
                   d.created_at, d.state, d.outcome, d.closed_at, r.basis,
                   r.retained::text AS retained, r.ground, r.received_at AS answered_at,
                   r.body_digest, h.ground AS hold_ground, h.since AS hold_since,
                   e.ground AS extension_ground, e.extended_at, e.was_due_at
              FROM deletion_request q
              LEFT JOIN legal_hold h ON h.request_id = q.id
              LEFT JOIN extension e ON e.request_id = q.id
              LEFT JOIN delivery d ON d.request_id = q.id
              LEFT JOIN client_system c ON c.id = d.system_id
              LEFT JOIN receipt r ON r.delivery_id = d.id
             WHERE q.code_digest = :code
             ORDER BY d.id
            """;

    private ProofSql() {}

    /**
     * What was asked and what was answered, as a proof says it; empty if no request has this code.
     * One statement, so that it shows one moment.
     */
    static Optional<ObjectNode> facts(Handle handle, byte[] codeDigest) {
        var facts = JsonNodeFactory.instance.objectNode();
        handle.createQuery(FACTS)
                .bind("code", codeDigest)
                .map(
                        (row, context) -> {
                            if (facts.isEmpty()) {
                                putRequest(facts, row);
                                facts.putArray("deliveries");
                            }
                            if (row.getString("id") != null) {
                                putDelivery(facts.withArray("deliveries").addObject(), row);
                            }
                            return true;
                        })
                .list();
        return facts.isEmpty() ? Optional.empty() : Optional.of(facts);
    }

    private static void putRequest(ObjectNode facts, ResultSet row) throws SQLException {
        facts.put("kind", row.getString("kind"))
                .put("app_id", row.getString("app_id"))
                .put("platform", row.getString("platform"))
                .put("requested_at", time(row, "requested_at"))
                .put("received_at", time(row, "received_at"))
                .put("due_at", time(row, "due_at"))
                .put("completed_at", time(row, "completed_at"));
        if (row.getString("hold_ground") == null) {
            facts.putNull("hold");
        } else {
            facts.putObject("hold")
                    .put("ground", row.getString("hold_ground"))
                    .put("since", time(row, "hold_since"));
        }
        if (row.getString("extension_ground") == null) {
            facts.putNull("extension");
        } else {
            facts.putObject("extension")
                    .put("ground", row.getString("extension_ground"))
                    .put("at", time(row, "extended_at"))
                    .put("was_due_at", time(row, "was_due_at"));
        }
    }

    private static void putDelivery(ObjectNode delivery, ResultSet row) throws SQLException {
        delivery.put("delivery_id", row.getString("id"))
                .put("system", row.getString("public_name"))
                .put("round", row.getInt("round"))
                .put("created_at", time(row, "created_at"))
                .put("state", row.getString("state"))
                .put("outcome", row.getString("outcome"))
                .put("closed_at", time(row, "closed_at"));
        if (row.getString("basis") != null) {
            var digest = row.getBytes("body_digest");
            var answer =
                    delivery.putObject("answer")
                            .put("basis", row.getString("basis"))
                            .put("received_at", time(row, "answered_at"))
                            .put("ground", row.getString("ground"))
                            .put(
                                    "receipt_sha256",
                                    digest == null ? null : HexFormat.of().formatHex(digest));
            var retained = answer.putArray("retained");
            for (var each : AnswerColumns.retained(row.getString("retained"))) {
                var until = each.until();
                retained.addObject()
                        .put("category", each.category().wireName())
                        .put("ground", each.ground().wireName())
                        .put("until", until == null ? null : until.toString());
            }
        } else {
            delivery.putNull("answer");
        }
    }

    private static @Nullable String time(ResultSet row, String column) throws SQLException {
        var instant = Columns.instant(row, column);
        return instant == null ? null : instant.toString();
    }
}
