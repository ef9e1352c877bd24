package net.cartback.deletion.audit;

import net.cartback.deletion.crypto.Keyring;
import net.cartback.deletion.storage.Database;

import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Signs where the chain has come to: a head each hour, and a checkpoint for what is about to be
 * dropped. For one thread, but for {@link #lastHeadAt}.
 */
final class AuditSigner {

    private final Database database;
    private final Keyring keyring;
    private final InstantSource clock;
    private final Duration headEvery;
    private final Consumer<String> publisher;
    private volatile @Nullable Instant lastHeadAt;
    private @Nullable Instant signedAt;

    AuditSigner(
            Database database,
            Keyring keyring,
            InstantSource clock,
            Duration headEvery,
            Consumer<String> publisher) {
        this.database = database;
        this.keyring = keyring;
        this.clock = clock;
        this.headEvery = headEvery;
        this.publisher = publisher;
    }

    /** When a head was signed last, by any replica; null: never. */
    @Nullable Instant lastHeadAt() {
        return lastHeadAt;
    }

    /** Signs a head if the last one is old enough, and the chain has grown since. */
    void sign() {
        var now = clock.instant();
        var signed = signedAt;
        if (signed != null && isWithin(signed, headEvery, now)) {
            return;
        }
        database.useTransaction(
                handle -> {
                    var last = signed(ChainSql.lastHeads(handle), Head.TYPE);
                    lastHeadAt = last.map(Head::at).orElse(null);
                    var end = ChainSql.end(handle);
                    long known = last.map(Head::block).orElse(0L);
                    if (end.number() > known && ChainSql.lead(handle)) {
                        var jws = Head.of(end, now).signed(keyring, Head.TYPE);
                        // Twice is better than never.
                        publisher.accept(jws);
                        ChainSql.insertHead(handle, end.number(), jws, now);
                        lastHeadAt = now;
                        signedAt = now;
                    }
                });
    }

    /** Signs for the end of a block, unless a checkpoint of this keyring stands for it already. */
    Head checkpoint(Handle handle, Block.End block, Instant now) {
        var there =
                signed(ChainSql.checkpoints(handle, block.number()), Head.CHECKPOINT)
                        .filter(each -> each.block() == block.number());
        if (there.isPresent()) {
            return there.get();
        }
        var head = Head.of(block, now);
        var jws = head.signed(keyring, Head.CHECKPOINT);
        publisher.accept(jws);
        ChainSql.insertCheckpoint(handle, head, jws);
        return head;
    }

    /** The first of these that is signed by a key of this keyring. */
    private Optional<Head> signed(List<ChainSql.SignedStatement> kept, String type) {
        return kept.stream()
                .flatMap(each -> Head.open(keyring, type, each.jws()).stream())
                .findFirst();
    }

    /** Whether less than this period has passed; what lies ahead was done by a wrong clock. */
    static boolean isWithin(Instant done, Duration period, Instant now) {
        return !done.isAfter(now) && done.plus(period).isAfter(now);
    }
}
