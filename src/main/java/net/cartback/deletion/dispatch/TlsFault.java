package net.cartback.deletion.dispatch;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** What a failed handshake with a client system means, and which field of its entry mends it. */
final class TlsFault {

    private static final int MAX_CAUSES = 10;

    private TlsFault() {}

    /** One sentence for an operator. */
    static String of(SSLException e) {
        if (e instanceof SSLPeerUnverifiedException) {
            return "The certificate is for another name: url must have a name that the"
                    + " certificate covers";
        }
        boolean unknown = false;
        boolean refused = false;
        Throwable cause = e;
        for (int i = 0; cause != null && i < MAX_CAUSES; i++) {
            if (cause instanceof CertificateExpiredException
                    || isReason(cause, BasicReason.EXPIRED)) {
                return "A certificate of the chain has expired: the system must renew it";
            }
            if (cause instanceof CertificateNotYetValidException
                    || isReason(cause, BasicReason.NOT_YET_VALID)) {
                return "The certificate is not valid yet: the clock of the system or of the relay"
                        + " is wrong";
            }
            unknown |= cause instanceof CertPathBuilderException;
            refused |=
                    cause instanceof CertPathValidatorException
                            || cause instanceof CertificateException;
            cause = cause.getCause();
        }
        if (unknown) {
            return "The relay does not know the authority of the certificate: put the authority's"
                    + " certificate into ca, or have the system send its whole chain";
        }
        if (refused) {
            return "The certificate is not trusted: it may be revoked, or its key too weak";
        }
        return String.valueOf(e.getMessage()).toUpperCase(Locale.ROOT).contains("PROTOCOL")
                ? "The system does not speak TLS 1.3: with tls: \"1.2\", TLS 1.2 is permitted too"
                : "The handshake failed: does TLS answer at this port?";
    }

    private static boolean isReason(Throwable cause, BasicReason reason) {
        return cause instanceof CertPathValidatorException path && path.getReason() == reason;
    }
}
