package net.cartback.deletion.mail;

import jakarta.mail.AuthenticationFailedException;
import jakarta.mail.MessagingException;

import org.eclipse.angus.mail.smtp.SMTPAddressFailedException;
import org.eclipse.angus.mail.smtp.SMTPSendFailedException;
import org.eclipse.angus.mail.smtp.SMTPSenderFailedException;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;

import javax.net.ssl.SSLException;

/** What a mail server's refusal means. Its words are not kept: they quote addresses. */
final class MailFailures {

    private static final int FINAL = 500;

    /** Whoever is told this has not logged in (RFC 4954, section 6). */
    private static final int LOG_IN_FIRST = 530;

    /** The code that says more (RFC 3463). */
    private static final Pattern ENHANCED =
            Pattern.compile("^[0-9]{3}[ -]5\\.([0-9]{1,3}\\.[0-9]{1,3})\\b");

    /**
     * There is no such mailbox, and will be none: bad addresses, one that has moved, one that is
     * disabled, a domain that takes no mail (RFC 3463, RFC 7505). A full mailbox is another thing.
     */
    private static final Set<String> NO_RECIPIENT =
            Set.of("1.1", "1.2", "1.3", "1.6", "1.10", "2.1");

    /** The sender's address is at fault, also where it is said of a recipient (RFC 3463). */
    private static final Set<String> NO_SENDER = Set.of("1.7", "1.8");

    /** A greeting that lets nobody in: Angus says its code in a sentence alone. */
    private static final Pattern GREETING = Pattern.compile("response: ([0-9]{3})");

    private MailFailures() {}

    /** From the most particular thing that it says. */
    static MailError error(MessagingException failure) {
        MailError found = failure instanceof AuthenticationFailedException ? MailError.LOGIN : null;
        var left = new ArrayDeque<Throwable>(Set.of(failure));
        var seen = new HashSet<Throwable>();
        while (!left.isEmpty()) {
            var each = left.remove();
            if (!seen.add(each)) {
                continue;
            }
            switch (each) {
                case SMTPAddressFailedException address -> {
                    return ofRecipient(address);
                }
                case SMTPSenderFailedException sender -> {
                    int code = sender.getReturnCode();
                    return code >= FINAL && code != LOG_IN_FIRST ? MailError.SENDER : ofReply(code);
                }
                case SMTPSendFailedException send -> found = ofReply(send.getReturnCode());
                case SSLException _ -> found = MailError.TLS;
                case SocketTimeoutException _ -> found = MailError.TIMEOUT;
                case IOException _ -> found = found == null ? MailError.CONNECT : found;
                case MessagingException plain -> found = found == null ? ofWords(plain) : found;
                default -> {}
            }
            if (each instanceof MessagingException more && more.getNextException() != null) {
                left.add(more.getNextException());
            }
            if (each.getCause() != null) {
                left.add(each.getCause());
            }
        }
        return found == null ? MailError.CONNECT : found;
    }

    /** What Angus says in a sentence alone; null: nothing that is known. */
    private static @Nullable MailError ofWords(MessagingException failure) {
        var words = String.valueOf(failure.getMessage());
        var greeting = GREETING.matcher(words);
        if (greeting.find()) {
            return ofReply(Integer.parseInt(greeting.group(1)));
        }
        return words.contains("STARTTLS") ? MailError.TLS : null;
    }

    /** What a server refuses for a rule of its own, it may take later. */
    private static MailError ofReply(int code) {
        if (code <= 0) {
            // There was no reply: the connection broke.
            return MailError.CONNECT;
        }
        if (code == LOG_IN_FIRST) {
            return MailError.LOGIN;
        }
        return code < FINAL ? MailError.BUSY : MailError.POLICY;
    }

    private static MailError ofRecipient(SMTPAddressFailedException failure) {
        var enhanced = ENHANCED.matcher(String.valueOf(failure.getMessage()));
        if (failure.getReturnCode() >= FINAL && enhanced.find()) {
            if (NO_RECIPIENT.contains(enhanced.group(1))) {
                return MailError.RECIPIENT;
            }
            if (NO_SENDER.contains(enhanced.group(1))) {
                return MailError.SENDER;
            }
        }
        return ofReply(failure.getReturnCode());
    }
}
