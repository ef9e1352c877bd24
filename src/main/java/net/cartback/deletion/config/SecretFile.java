package net.cartback.deletion.config;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.List;

/** A file with a secret that was made here, readable by its owner alone. */
public final class SecretFile {

    private SecretFile() {}

    /**
     * Writes a file that must not exist yet: whole, or not at all, and on the disk when this
     * returns.
     */
    public static void write(Path file, String content) {
        try {
            var directory = file.toAbsolutePath().resolveSibling(".").normalize();
            Files.createDirectories(directory);
            var whole = Files.createTempFile(directory, file.getFileName().toString(), ".new");
            try {
                fill(whole, content);
                Files.move(whole, file);
                // What depends on it may be durable from the next commit on, so it must be, too.
                force(directory);
            } finally {
                Files.deleteIfExists(whole);
            }
        } catch (FileAlreadyExistsException e) {
            throw new Refused(List.of(file + " exists already; it is never overwritten"));
        } catch (IOException e) {
            throw new Refused(List.of(file + " cannot be written: " + e.getMessage()));
        }
    }

    /**
     * Writes another content to a file that exists, whole, or not at all: a reader sees the old one
     * or the new one. It stays its owner's, with the permissions it has.
     */
    static void replace(Path file, String content) {
        try {
            // Where the name is a link, what it points at is replaced.
            var real = file.toRealPath();
            var directory = real.resolveSibling(".").normalize();
            var whole = Files.createTempFile(directory, real.getFileName().toString(), ".new");
            try {
                fill(whole, content);
                var old = Files.getFileAttributeView(real, PosixFileAttributeView.class);
                if (old != null) {
                    var made = Files.getFileAttributeView(whole, PosixFileAttributeView.class);
                    var attributes = old.readAttributes();
                    made.setPermissions(attributes.permissions());
                    if (!made.readAttributes().group().equals(attributes.group())) {
                        made.setGroup(attributes.group());
                    }
                    if (!made.readAttributes().owner().equals(attributes.owner())) {
                        made.setOwner(attributes.owner());
                    }
                }
                Files.move(whole, real, StandardCopyOption.ATOMIC_MOVE);
                force(directory);
            } finally {
                Files.deleteIfExists(whole);
            }
        } catch (IOException e) {
            throw new Refused(List.of(file + " cannot be written: " + e.getMessage()));
        }
    }

    /** The temporary file is its owner's alone from the start, as all temporary files are. */
    private static void fill(Path file, String content) throws IOException {
        try (var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            var bytes = UTF_8.encode(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            channel.force(true);
        }
    }

    private static void force(Path directory) throws IOException {
        try (var channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
