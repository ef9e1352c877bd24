package net.cartback.deletion.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.stream.Collectors.joining;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;

import net.cartback.deletion.config.Refused;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

class HeadPublisherTest {

    @TempDir private Path directory;

    @Test
    void each_head_is_a_line_of_the_file() throws IOException {
        var file = directory.resolve("heads");
        var publisher = new HeadPublisher(file);
        publisher.accept("one");
        publisher.accept("two");

        assertThat(file).hasContent("one\ntwo\n");
    }

    @Test
    void a_file_that_cannot_be_written_is_told_at_the_start() {
        assertThatThrownBy(() -> new HeadPublisher(directory))
                .isInstanceOf(Refused.class)
                .hasMessageContaining("AUDIT_HEADS cannot be written");
    }

    @Test
    void a_file_that_cannot_be_written_any_more_keeps_no_head_from_the_log() throws IOException {
        var gone = directory.resolve("gone");
        Files.createDirectory(gone);
        var publisher = new HeadPublisher(gone.resolve("heads"));
        Files.delete(gone.resolve("heads"));
        Files.delete(gone);

        var log = logOf(() -> publisher.accept("the-head"));

        assertThat(log).contains("the-head").contains("this head is in the log alone");
    }

    private static String logOf(Runnable work) {
        var log = new ListAppender<ILoggingEvent>();
        log.start();
        var logger = (Logger) LoggerFactory.getLogger(HeadPublisher.class);
        logger.addAppender(log);
        try {
            work.run();
        } finally {
            logger.detachAppender(log);
        }
        return log.list.stream()
                .map(each -> each.getFormattedMessage() + each.getKeyValuePairs())
                .collect(joining("\n"));
    }
}
