package net.cartback.deletion.serve;

import static java.nio.charset.StandardCharsets.US_ASCII;

import net.cartback.deletion.config.Refused;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;

/**
 * Takes signed heads of the audit trail out of the database's reach: to the log, and to a file, a
 * line each, if there is one.
 */
final class HeadPublisher implements Consumer<String> {

    private static final Logger log = LoggerFactory.getLogger(HeadPublisher.class);

    private final @Nullable Path file;

    /**
     * @throws Refused if the file cannot be written
     */
    HeadPublisher(@Nullable Path file) {
        this.file = file;
        if (file != null) {
            try {
                append(file, "");
            } catch (IOException e) {
                throw new Refused(List.of("AUDIT_HEADS cannot be written: " + file));
            }
        }
    }

    /** To the log as well: a disk that is full takes no head away. */
    @Override
    public void accept(String jws) {
        log.atInfo().addKeyValue("jws", jws).log("Signed head of the audit trail");
        if (file != null) {
            try {
                append(file, jws + "\n");
            } catch (IOException e) {
                log.atError()
                        .addKeyValue("cause", e.getClass().getSimpleName())
                        .log("AUDIT_HEADS cannot be written; this head is in the log alone");
            }
        }
    }

    /** Whole, or not at all: half a line would spoil the next one. */
    private static void append(Path file, String line) throws IOException {
        try (var channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND,
                        StandardOpenOption.DSYNC)) {
            long end = channel.size();
            var bytes = ByteBuffer.wrap(line.getBytes(US_ASCII));
            try {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            } catch (IOException e) {
                channel.truncate(end);
                throw e;
            }
        }
    }
}
