package net.cartback.deletion.access;

import static java.nio.charset.StandardCharsets.UTF_8;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.storage.Database;
import net.cartback.deletion.terms.Actor;

import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * Static tokens: each has a name, a role and maybe an end, and can be revoked. Of a token only its
 * SHA-256 is kept; it has 256 random bits, so the digest needs no key.
 */
public final class Tokens {

    private static final String ADD =
            """
            INSERT INTO operator_token (name, digest, role,
                                        created_at, not_after)
            VALUES (:name, :digest, :role, :now, :not_after)
            ON CONFLICT (name) DO NOTHING
            """;

    private static final String REVOKE =
            """
            UPDATE operator_token SET revoked_at = :now
             WHERE name = :name AND revoked_at IS NULL
            """;

    private static final String ALL =
            """
            SELECT name, role, created_at, not_after, revoked_at
              FROM operator_token
             ORDER BY name
            """;

    private static final String CALLER =
            """
            SELECT name, role, created_at, not_after, revoked_at
              FROM operator_token
             WHERE digest = :digest
            """;

    /** What a token may be called: what it is for, and not whose it is. */
    public static final String NAME_RULE =
            "must be 1 to 63 of a-z 0-9 _ . -, the first a letter or a digit; the name configured"
                    + " and names that begin with oidc- are reserved";

    private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9_.-]{0,62}");

    /** By which a token that was leaked is found in logs and repositories. */
    private static final String PREFIX = "relay_";

    private static final int BYTES = 32;

    private final Database database;
    private final InstantSource clock;

    public Tokens(Database database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /**
     * What is known of a token.
     *
     * @param notAfter from then on it is not taken any more; null: until it is revoked
     */
    public record TokenView(
            String name,
            Role role,
            Instant createdAt,
            @Nullable Instant notAfter,
            @Nullable Instant revokedAt) {

        /** Whether it is taken at this instant. */
        public boolean isActive(Instant now) {
            return revokedAt == null && (notAfter == null || now.isBefore(notAfter));
        }
    }

    /** Whether a token may have this name. */
    public static boolean isName(String name) {
        return NAME.matcher(name).matches()
                && !name.equals(Access.CONFIGURED)
                && !name.startsWith(OidcTokens.ACTOR_PREFIX);
    }

    /**
     * Makes a token.
     *
     * @return the token, which cannot be read again; empty if one has this name already, revoked or
     *     not: who did what must stay clear
     */
    public Optional<String> add(
            String name, Role role, @Nullable Instant notAfter, RandomGenerator random) {
        var bytes = new byte[BYTES];
        random.nextBytes(bytes);
        var token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        int added =
                database.withHandle(
                        handle ->
                                handle.createUpdate(ADD)
                                        .bind("name", name)
                                        .bind("digest", digest(token))
                                        .bind("role", role.wireName())
                                        .bind("now", clock.instant())
                                        .bind("not_after", notAfter)
                                        .execute());
        return added == 1 ? Optional.of(token) : Optional.empty();
    }

    /**
     * Revokes a token from the next call on; false if there is no token left to revoke by this
     * name.
     */
    public boolean revoke(String name) {
        return database.withHandle(
                handle ->
                        handle.createUpdate(REVOKE)
                                        .bind("name", name)
                                        .bind("now", clock.instant())
                                        .execute()
                                == 1);
    }

    /** All there ever were, by name. */
    public List<TokenView> all() {
        return database.withHandle(
                handle -> handle.createQuery(ALL).map((row, context) -> known(row)).list());
    }

    /** Who has this token, if it is taken now. */
    public Optional<Caller> caller(String token) {
        return database.withHandle(
                        handle ->
                                handle.createQuery(CALLER)
                                        .bind("digest", digest(token))
                                        .map((row, context) -> known(row))
                                        .findOne())
                .filter(known -> known.isActive(clock.instant()))
                .map(known -> new Caller(Actor.operator(known.name()), known.role()));
    }

    private static byte[] digest(String token) {
        return Digest.sha256(token.getBytes(UTF_8));
    }

    private static TokenView known(ResultSet row) throws SQLException {
        return new TokenView(
                row.getString("name"),
                Role.named(row.getString("role")).orElseThrow(),
                row.getTimestamp("created_at").toInstant(),
                instant(row.getTimestamp("not_after")),
                instant(row.getTimestamp("revoked_at")));
    }

    private static @Nullable Instant instant(@Nullable Timestamp timestamp) {
        return timestamp == null ? null : timestamp.toInstant();
    }
}
