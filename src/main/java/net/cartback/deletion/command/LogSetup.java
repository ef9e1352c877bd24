package net.cartback.deletion.command;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.ContextAwareBase;

import com.fasterxml.jackson.core.JsonGenerator;

import net.logstash.logback.composite.AbstractJsonProvider;
import net.logstash.logback.composite.loggingevent.LogLevelJsonProvider;
import net.logstash.logback.composite.loggingevent.LoggerNameJsonProvider;
import net.logstash.logback.composite.loggingevent.LoggingEventFormattedTimestampJsonProvider;
import net.logstash.logback.composite.loggingevent.LoggingEventThreadNameJsonProvider;
import net.logstash.logback.composite.loggingevent.MessageJsonProvider;
import net.logstash.logback.composite.loggingevent.StackTraceJsonProvider;
import net.logstash.logback.encoder.LoggingEventCompositeJsonEncoder;

import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Logs to stdout: one JSON object a line, or plain text on a terminal. Found by ServiceLoader. */
public final class LogSetup extends ContextAwareBase implements Configurator {

    private static final String QUEUE = "queue";
    private static final int LINES = 4_096;
    private static final Duration FLUSH_LIMIT = Duration.ofSeconds(2);

    /** Whoever runs a command reads its answer, with no log between its lines. */
    static void onlyWhatGoesWrong() {
        ((LoggerContext) LoggerFactory.getILoggerFactory())
                .getLogger("net.cartback")
                .setLevel(Level.WARN);
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        var encoder = isTerminal() ? plain(context) : json(context);
        encoder.start();
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        var root = context.getLogger("ROOT");
        root.setLevel(Level.WARN);
        root.addAppender(aside(appender, context));
        context.getLogger("net.cartback").setLevel(Level.INFO);
        // Says once a second that the database is away; the relay's own lines say it better.
        context.getLogger("com.zaxxer.hikari").setLevel(Level.ERROR);
        // A step that waits for a lock is tried again; what fails for good is told by who migrates.
        context.getLogger("org.flywaydb.core.internal.command.DbMigrate").setLevel(Level.OFF);
        context.getLogger("io.zonky.test").setLevel(Level.ERROR);
        // Its warnings quote what strangers send: hosts, authorities, paths.
        context.getLogger("org.eclipse.jetty").setLevel(Level.ERROR);
        // What it fails at comes as an exception and is told in one place.
        context.getLogger("io.javalin").setLevel(Level.OFF);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /**
     * Writes on a thread of its own, behind a queue. The reader of stdout may stop reading, and
     * every write then waits until it reads again; no callback may wait for that. Only lines that
     * do not fit into the queue are lost.
     */
    private static Appender<ILoggingEvent> aside(
            Appender<ILoggingEvent> appender, LoggerContext context) {
        var queue = new AsyncAppender();
        queue.setName(QUEUE);
        queue.setContext(context);
        queue.setQueueSize(LINES);
        queue.setDiscardingThreshold(0);
        queue.setNeverBlock(true);
        queue.setMaxFlushTime((int) FLUSH_LIMIT.toMillis());
        queue.addAppender(appender);
        queue.start();
        return queue;
    }

    /** Writes what waits, for 2 s at most. What is logged after that is lost. */
    static void end() {
        var queue =
                ((LoggerContext) LoggerFactory.getILoggerFactory())
                        .getLogger("ROOT")
                        .getAppender(QUEUE);
        if (queue != null) {
            queue.stop();
        }
    }

    @SuppressWarnings("SystemConsoleNull") // Its documentation still allows null.
    private static boolean isTerminal() {
        var console = System.console();
        return console != null && console.isTerminal();
    }

    private static Encoder<ILoggingEvent> plain(LoggerContext context) {
        var encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern("%d{HH:mm:ss.SSS} %-5level %msg %kvp%n%ex");
        return encoder;
    }

    private static Encoder<ILoggingEvent> json(LoggerContext context) {
        var timestamp = new LoggingEventFormattedTimestampJsonProvider();
        timestamp.setFieldName("time");
        timestamp.setTimeZone("UTC");
        var level = new LogLevelJsonProvider();
        var logger = new LoggerNameJsonProvider();
        logger.setFieldName("logger");
        var thread = new LoggingEventThreadNameJsonProvider();
        thread.setFieldName("thread");
        var message = new MessageJsonProvider();
        message.setFieldName("message");
        var stackTrace = new StackTraceJsonProvider();
        var encoder = new LoggingEventCompositeJsonEncoder();
        encoder.setContext(context);
        encoder.setFindAndRegisterJacksonModules(false);
        List.of(timestamp, level, logger, thread, message, new Fields(), stackTrace)
                .forEach(encoder.getProviders()::addProvider);
        return encoder;
    }

    /** What a line is about, each as a field of its own: a number, or a text. */
    private static final class Fields extends AbstractJsonProvider<ILoggingEvent> {

        @Override
        public void writeTo(JsonGenerator generator, ILoggingEvent event) throws IOException {
            var pairs = event.getKeyValuePairs();
            if (pairs == null) {
                return;
            }
            for (var pair : pairs) {
                switch (pair.value) {
                    case Integer number -> generator.writeNumberField(pair.key, number);
                    case Long number -> generator.writeNumberField(pair.key, number);
                    case null, default ->
                            generator.writeStringField(pair.key, String.valueOf(pair.value));
                }
            }
        }
    }
}
