package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The alerts under Prometheus' own tests: each is silent while all is well, and fires for its
 * cause. Without promtool (Debian's package {@code prometheus} has it) this is skipped, unless
 * {@code CI=true}.
 */
class AlertsIT {

    @Test
    void each_alert_fires_for_its_cause_and_not_without() throws Exception {
        assertThat(promtool("check", "rules", "rules.yaml")).contains("SUCCESS");
        assertThat(promtool("test", "rules", "rules.test.yaml")).contains("SUCCESS");
    }

    private static String promtool(String... arguments) throws IOException, InterruptedException {
        boolean there =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
                        .anyMatch(each -> Files.isExecutable(Path.of(each, "promtool")));
        Assumptions.assumeTrue(
                there || "true".equals(System.getenv("CI")), "promtool is not installed");
        var command = new ArrayList<>(List.of("promtool"));
        command.addAll(List.of(arguments));
        var output = Files.createTempFile("promtool", ".txt");
        var process =
                new ProcessBuilder(command)
                        .directory(Path.of("monitoring").toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .start();
        assertThat(process.waitFor(2, TimeUnit.MINUTES)).isTrue();
        var said = Files.readString(output);
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }
}
