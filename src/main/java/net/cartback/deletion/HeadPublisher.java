package net.cartback.deletion;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;

/**
 * Takes signed heads of the audit trail out of the database's reach: to the log, and to a file, a
 * line each, if there is one. Thread-safe.
 */
final class HeadPublisher implements Consumer<String> {

    private static final Logger log = LoggerFactory.getLogger(HeadPublisher.class);

    private final @Nullable Path file;

    HeadPublisher(@Nullable Path file) {
        this.file = file;
    }

    /**
     * @throws UncheckedIOException if the file cannot be written
     */
    @Override
    public void accept(String jws) {
        if (file != null) {
            try {
                Files.writeString(
                        file,
                        jws + "\n",
                        US_ASCII,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND,
                        StandardOpenOption.DSYNC);
            } catch (IOException e) {
                throw new UncheckedIOException("AUDIT_HEADS cannot be written", e);
            }
        }
        log.atInfo().addKeyValue("jws", jws).log("The audit trail has come to here");
    }
}
