package net.cartback.deletion.reading;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.PublicUrl;

import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Proofs: signed documents that say what was requested and when, and which client system answered
 * what and when. They are for anyone who knows the code of a request. A proof holds nothing about a
 * person. The holder of the code can show that a proof is about their request, by the digest of the
 * code.
 *
 * <p>A proof is a JWS in compact form (RFC 7515) of {@code typ} {@value #TYPE}, signed with Ed25519
 * under the relay's signing key in force. A proof states the facts at the time it is made, and can
 * be made for as long as the record is kept.
 */
public final class Proofs {

    /** What kind of document a proof is. */
    public static final String TYPE = "deletion-proof+jwt";

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final PublicUrl issuer;

    /**
     * @param issuer the relay's public URL
     */
    public Proofs(Database database, Keyring keyring, InstantSource clock, PublicUrl issuer) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.issuer = issuer;
    }

    /** The proof of how the request with this code stands now; empty if there is none. */
    public Optional<String> of(ConfirmationCode code) {
        return database.withHandle(handle -> ProofSql.facts(handle, code.digest()))
                .map(
                        facts -> {
                            facts.put("iss", issuer.base())
                                    .put("iat", clock.instant().getEpochSecond())
                                    .put(
                                            "confirmation_code_sha256",
                                            HexFormat.of().formatHex(code.digest()));
                            return keyring.signDocument(TYPE, facts.toString());
                        });
    }
}
