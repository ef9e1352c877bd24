package net.cartback.deletion.mail;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.AddressException;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;

import org.eclipse.angus.mail.smtp.SMTPTransport;
import org.jspecify.annotations.Nullable;

import java.io.UnsupportedEncodingException;
import java.net.IDN;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The server that takes mails (SMTP, RFC 5321). Each mail has a connection of its own. */
public final class MailServer {

    /** For all of a mail: the last reply alone may take 10 minutes (RFC 5321, 4.5.3.2.6). */
    public static final Duration LIMIT = Duration.ofMinutes(12);

    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(10);

    /**
     * Angus tells on standard error what the relay tells in words of its own; held, or it is lost.
     */
    private static final Logger ANGUS = Logger.getLogger("org.eclipse.angus.mail");

    static {
        ANGUS.setLevel(Level.OFF);
    }

    private final MailSettings settings;
    private final Duration limit;
    private final Properties properties = new Properties();

    public MailServer(MailSettings settings) {
        this(settings, LIMIT);
    }

    /** One that is left after another time. */
    MailServer(MailSettings settings, Duration limit) {
        this.settings = settings;
        this.limit = limit;
        for (var protocol : Set.of("smtp", "smtps")) {
            var name = "mail." + protocol;
            properties.put(name + ".connectiontimeout", millis(CONNECT_LIMIT));
            properties.put(name + ".timeout", millis(LIMIT));
            properties.put(name + ".writetimeout", millis(LIMIT));
            properties.put(name + ".ssl.checkserveridentity", "true");
            properties.put(name + ".ssl.protocols", "TLSv1.3 TLSv1.2");
            // Whether it was taken is known before.
            properties.put(name + ".quitwait", "false");
            properties.put(name + ".sendpartial", "false");
            properties.put(name + ".from", settings.from());
            // Else the name of this machine is asked for, which may take long and says nothing.
            properties.put(name + ".localhost", settings.domain());
        }
        if (settings.security() == MailSettings.Security.STARTTLS) {
            properties.put("mail.smtp.starttls.enable", "true");
            properties.put("mail.smtp.starttls.required", "true");
        }
    }

    /**
     * Sends it, or fails within {@link #LIMIT}.
     *
     * @param id the text's: who gets it twice, because this process died in between, can see that
     *     it is the same
     * @throws MailNotTaken if the server has not said that it has taken it
     */
    public void send(Letter letter, String id, Instant now) throws MailNotTaken {
        within(
                () -> {
                    var message = message(letter, id, now);
                    var transport = connected(message.getSession());
                    try {
                        if (!canName(transport, message)) {
                            throw new MailNotTaken(MailError.POLICY);
                        }
                        transport.sendMessage(message, message.getAllRecipients());
                    } finally {
                        closeQuietly(transport);
                    }
                });
    }

    /** Whether the server takes letters beyond ASCII in an address (RFC 6531), if it has some. */
    private static boolean canName(SMTPTransport transport, MimeMessage message)
            throws MessagingException {
        return isAscii(((InternetAddress) message.getAllRecipients()[0]).getAddress())
                || transport.supportsExtension("SMTPUTF8");
    }

    private interface Talk {
        void talk() throws MessagingException, MailNotTaken;
    }

    /** Talks to the server on a virtual thread, whose interrupt closes the socket (JDK, Socket). */
    private void within(Talk talk) throws MailNotTaken {
        var task =
                new FutureTask<@Nullable MailError>(
                        () -> {
                            try {
                                talk.talk();
                                return null;
                            } catch (MessagingException e) {
                                return MailFailures.error(e);
                            } catch (MailNotTaken e) {
                                return e.error();
                            }
                        });
        Thread.ofVirtual().name("mail server").start(task);
        MailError error;
        try {
            error = task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            error = MailError.TIMEOUT;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            error = MailError.CONNECT;
        } catch (ExecutionException e) {
            // Whatever the server made of it; its words may quote an address.
            error = MailError.CONNECT;
        } finally {
            task.cancel(true);
        }
        if (error != null) {
            throw new MailNotTaken(error);
        }
    }

    /**
     * Whether it lets the relay in.
     *
     * @throws MailNotTaken if it does not
     */
    public void check() throws MailNotTaken {
        within(() -> closeQuietly(connected(session(false))));
    }

    private SMTPTransport connected(Session session) throws MessagingException, MailNotTaken {
        var transport =
                (SMTPTransport)
                        session.getTransport(
                                settings.security() == MailSettings.Security.TLS
                                        ? "smtps"
                                        : "smtp");
        transport.connect(settings.host(), settings.port(), settings.user(), settings.password());
        if (settings.user() != null && !transport.supportsExtension("AUTH")) {
            // Angus goes on without having logged in.
            closeQuietly(transport);
            throw new MailNotTaken(MailError.LOGIN);
        }
        return transport;
    }

    private Session session(boolean hasOtherLetters) {
        var session = new Properties();
        session.putAll(properties);
        // Only where it is needed: few servers know it (RFC 6531).
        session.put("mail.mime.allowutf8", Boolean.toString(hasOtherLetters));
        return Session.getInstance(session);
    }

    private MimeMessage message(Letter letter, String id, Instant now)
            throws MessagingException, MailNotTaken {
        var to = address(letter.to());
        var message =
                new MimeMessage(session(!isAscii(to.getAddress()))) {
                    @Override
                    protected void updateMessageID() throws MessagingException {
                        setHeader("Message-ID", "<" + id + "@" + settings.domain() + ">");
                    }
                };
        message.setFrom(sender(letter.sender()));
        message.setRecipient(Message.RecipientType.TO, to);
        message.setSubject(letter.subject(), UTF_8.name());
        message.setSentDate(Date.from(now));
        // Lines end so before they are encoded (RFC 2045, section 6.8).
        message.setText(letter.text().replace("\n", "\r\n"), UTF_8.name());
        message.setHeader("Content-Language", letter.language().tag());
        // No machine may answer (RFC 3834, section 5; the second is Exchange's, which still may
        // say that there is no such address).
        message.setHeader("Auto-Submitted", "auto-generated");
        message.setHeader("X-Auto-Response-Suppress", "OOF, AutoReply");
        message.saveChanges();
        return message;
    }

    private InternetAddress sender(@Nullable String name) throws AddressException {
        var sender = new InternetAddress(settings.from());
        if (name != null) {
            try {
                sender.setPersonal(name, UTF_8.name());
            } catch (UnsupportedEncodingException e) {
                throw new IllegalStateException(e);
            }
        }
        return sender;
    }

    /** Whether a mail can be addressed to it: letters of its domain stand for themselves. */
    public static boolean canReach(String address) {
        return addressed(address).isPresent();
    }

    private static InternetAddress address(String to) throws MailNotTaken {
        return addressed(to).orElseThrow(() -> new MailNotTaken(MailError.RECIPIENT));
    }

    /** With the domain as the DNS knows it (RFC 3490, of which RFC 5891 differs in few letters). */
    private static Optional<InternetAddress> addressed(String to) {
        int at = to.lastIndexOf('@');
        var name = to.substring(at + 1);
        try {
            var domain = IDN.toASCII(name, IDN.USE_STD3_ASCII_RULES);
            // A letter that it would replace by another: the domain of somebody else.
            return isAscii(name) || IDN.toUnicode(domain).equals(name)
                    ? Optional.of(new InternetAddress(to.substring(0, at + 1) + domain, true))
                    : Optional.empty();
        } catch (AddressException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static boolean isAscii(String text) {
        return text.chars().allMatch(sign -> sign < 0x80);
    }

    private static void closeQuietly(Transport transport) {
        try {
            transport.close();
        } catch (MessagingException e) {
            // What was said before it counts.
        }
    }

    private static String millis(Duration duration) {
        return Long.toString(duration.toMillis());
    }
}
