package net.cartback.deletion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/** The file of the keyring may be gone, or hang, while the keys that were read stay in use. */
class KeyringFileTest {

    @TempDir private Path directory;

    @Test
    void a_file_that_hangs_holds_nobody_up_and_one_that_comes_back_is_read()
            throws IOException, InterruptedException {
        var path = directory.resolve("keyring.json");
        KeyringFile.generate(path, InstantSource.system());
        var file =
                KeyringFile.open(
                        Config.read(Map.of("KEYRING_FILE", path.toString())),
                        InstantSource.system());
        var content = Files.readString(path);
        Files.delete(path);
        assertThatThrownBy(() -> file.reloadIfChanged(keyring -> List.of()))
                .isInstanceOf(KeyringFile.Unread.class);

        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> file.reloadIfChanged(keyring -> List.of()))
                    .isInstanceOf(KeyringFile.Unread.class)
                    .hasMessageContaining("not within 5 s");
        }

        // Whoever reads it gets it now.
        Files.writeString(path, content);
        assertThat(file.reloadIfChanged(keyring -> List.of())).isFalse();
    }
}
