package net.cartback.deletion.audit;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import net.cartback.deletion.crypto.Keyring;

import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A signed statement of where the chain had come to: a JWS ({@code typ} {@value #TYPE}, or {@value
 * #CHECKPOINT} where everything up to there was dropped) whose payload is {@code {"block": 12,
 * "hash": "<hexadecimal>", "last_id": 82000000004711, "at": "<RFC 3339>"}}.
 *
 * @param block number of the last block
 * @param hash of that block, in hexadecimal
 * @param lastId id of the last row in it
 */
record Head(long block, String hash, long lastId, Instant at) {

    static final String TYPE = "audit-head+json";
    static final String CHECKPOINT = "audit-checkpoint+json";

    private static final ObjectMapper JSON = new ObjectMapper();

    static Head of(Block.End end, Instant at) {
        return new Head(end.number(), HexFormat.of().formatHex(end.hash()), end.lastId(), at);
    }

    String signed(Keyring keyring, String type) {
        var payload =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("block", block)
                        .put("hash", hash)
                        .put("last_id", lastId)
                        .put("at", at.toString());
        return keyring.signDocument(type, payload.toString());
    }

    /** Empty if it is none, or its signature is not that of a key in this keyring. */
    static Optional<Head> open(Keyring keyring, String type, String jws) {
        return keyring.openDocument(type, jws)
                .map(
                        json -> {
                            try {
                                var payload = JSON.readTree(json);
                                return new Head(
                                        payload.required("block").longValue(),
                                        payload.required("hash").textValue(),
                                        payload.required("last_id").longValue(),
                                        Instant.parse(payload.required("at").textValue()));
                            } catch (JsonProcessingException e) {
                                // It was signed here, so it was JSON.
                                throw new IllegalStateException("A signed head is no JSON", e);
                            }
                        });
    }
}
