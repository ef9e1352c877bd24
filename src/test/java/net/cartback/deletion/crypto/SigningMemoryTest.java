package net.cartback.deletion.crypto;

import static org.assertj.core.api.Assertions.assertThat;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.util.List;

/** What is signed holds ids, and a library that does not free it keeps them in native memory. */
class SigningMemoryTest {

    private static final int MESSAGES = 100_000;
    private static final int MESSAGE_BYTES = 600;

    /** A library that frees nothing would take 60 MB. */
    private static final long MOST_KIB = 20 * 1024;

    @Test
    void a_hundred_thousand_signatures_leave_nothing_behind() throws Exception {
        var process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Xms64m",
                                "-Xmx64m",
                                "-XX:+UseSerialGC",
                                "-XX:+AlwaysPreTouch",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                SigningMemoryTest.class.getName())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        var grown = new String(process.getInputStream().readAllBytes(), UTF_8).strip();

        assertThat(process.waitFor()).isZero();
        assertThat(Long.parseLong(grown)).isLessThan(MOST_KIB);
    }

    /** Prints by how many KiB the process has grown. */
    public static void main(String[] args) throws IOException {
        var key = Ed25519.secret(Ed25519.generate(new SecureRandom()).secret());
        sign(key, MESSAGES / 5);
        long before = residentKib();
        sign(key, MESSAGES);
        System.out.println(residentKib() - before);
    }

    private static void sign(PrivateKey key, int messages) {
        for (int i = 0; i < messages; i++) {
            var _ = Ed25519.sign(key, new byte[MESSAGE_BYTES]);
        }
    }

    private static long residentKib() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
        return status.stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }
}
