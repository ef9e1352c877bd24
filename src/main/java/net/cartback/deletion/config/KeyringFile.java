package net.cartback.deletion.config;

import net.cartback.deletion.crypto.Digest;
import net.cartback.deletion.crypto.InvalidKeyring;
import net.cartback.deletion.crypto.KeyMaker;
import net.cartback.deletion.crypto.Keyring;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The file in which the keyring stands, and the keyring that was read from it. Not thread-safe; the
 * keyring is.
 */
public final class KeyringFile {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String NAME = "keyring.json";
    private static final Duration READ_LIMIT = Duration.ofSeconds(5);

    private final Path file;
    private final InstantSource clock;
    private final Keyring keyring;
    private byte[] seen;

    /** A reading that hangs; null: none does. */
    private @Nullable FutureTask<String> reading;

    private KeyringFile(Path file, InstantSource clock) {
        this.file = file;
        this.clock = clock;
        var content = read(file);
        this.keyring = checked(() -> Keyring.parse(content, clock, RANDOM));
        this.seen = digest(content);
    }

    /** The configured keyring; with the embedded database, one is made where there is none. */
    public static KeyringFile open(Config config, InstantSource clock) {
        var configured = config.keyringFile();
        var file = configured == null ? config.dataDir().resolve(NAME) : configured;
        if (configured == null && !Files.exists(file)) {
            generate(file, clock);
        }
        return new KeyringFile(file, clock);
    }

    public Path path() {
        return file;
    }

    public Keyring keyring() {
        return keyring;
    }

    /**
     * Loads the keyring again if the file has changed.
     *
     * @param faults what keeps a keyring from being used here
     * @return whether it was loaded
     * @throws Unread if the file cannot be read within 5 s
     * @throws Refused if it cannot be used; the keys stay what they were
     */
    public boolean reloadIfChanged(Function<Keyring, List<String>> faults) {
        var content = readAside();
        var digest = digest(content);
        if (MessageDigest.isEqual(digest, seen)) {
            return false;
        }
        // Looked at before it is taken: one that cannot read the database changes nothing.
        requireNoFault(faults.apply(checked(() -> Keyring.parse(content, clock, RANDOM))));
        keyring.reload(content);
        seen = digest;
        return true;
    }

    /**
     * Writes a new keyring to a file that must not exist yet: whole, or not at all, and on the disk
     * when this returns.
     */
    public static void generate(Path file, InstantSource clock) {
        SecretFile.write(file, new KeyMaker(RANDOM).generate(clock.instant()));
    }

    /** Adds a new key of each of these kinds to a file, in force from an instant. */
    public static void rotate(
            Path file, Collection<Keyring.Kind> kinds, Instant from, InstantSource clock) {
        var content = read(file);
        try {
            SecretFile.replace(
                    file, new KeyMaker(RANDOM).rotate(content, kinds, from, clock.instant()));
        } catch (InvalidKeyring e) {
            throw faults(file, e);
        }
    }

    /** Takes keys out of a file; what they sealed can never be opened again. */
    public static void remove(Path file, Collection<String> kids, InstantSource clock) {
        var content = read(file);
        try {
            SecretFile.replace(file, KeyMaker.without(content, kids, clock.instant()));
        } catch (InvalidKeyring e) {
            throw faults(file, e);
        }
    }

    public static void requireNoFault(List<String> faults) {
        if (!faults.isEmpty()) {
            throw new Refused(faults.stream().map(fault -> "KEYRING_FILE: " + fault).toList());
        }
    }

    private Keyring checked(Supplier<Keyring> parse) {
        try {
            return parse.get();
        } catch (InvalidKeyring e) {
            throw faults(file, e);
        }
    }

    private static Refused faults(Path file, InvalidKeyring e) {
        return new Refused(
                e.faults().stream().map(fault -> "KEYRING_FILE " + file + ": " + fault).toList());
    }

    /** The file cannot be read now, whatever is in it. */
    public static final class Unread extends Refused {

        private static final long serialVersionUID = 1L;

        Unread(Path file, String why) {
            super(List.of("KEYRING_FILE cannot be read: " + file + why));
        }
    }

    /**
     * Reads the file on another thread, because a mount that hangs would block the reader for ever.
     * While a read hangs, no second read starts.
     */
    private String readAside() {
        var known = reading;
        if (known == null) {
            known = new FutureTask<>(() -> read(file));
            reading = known;
            Thread.ofPlatform().daemon().name("keyring").start(known);
        }
        try {
            var content = known.get(READ_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
            reading = null;
            return content;
        } catch (TimeoutException e) {
            throw new Unread(file, ", not within " + READ_LIMIT.toSeconds() + " s");
        } catch (ExecutionException e) {
            reading = null;
            throw e.getCause() instanceof Refused invalid
                    ? invalid
                    : new Unread(file, ": " + e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Unread(file, ", interrupted");
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new Unread(file, Refused.why(e));
        }
    }

    private static byte[] digest(String content) {
        return Digest.sha256(content.getBytes(StandardCharsets.UTF_8));
    }
}
