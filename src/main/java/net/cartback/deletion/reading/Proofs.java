package net.cartback.deletion.reading;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.storage.DatabaseUnavailable;
import net.cartback.deletion.terms.ConfirmationCode;
import net.cartback.deletion.terms.PublicUrl;

import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Proofs: signed documents that say what was asked when, and which client system answered what and
 * when, for whoever knows the code of a request. Nothing in one tells of a person; that it is about
 * their request shows who has the code, by its digest.
 *
 * <p>A proof is a JWS in compact form (RFC 7515) of {@code typ} {@value #TYPE}, signed with Ed25519
 * under the relay's signing key in force. It says how things stand when it is made, and can be made
 * for as long as the record is kept. Thread-safe. Throws {@link DatabaseUnavailable} while the
 * database is away.
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
