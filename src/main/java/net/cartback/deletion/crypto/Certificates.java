package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.List;

/** Certificates in PEM (RFC 7468, section 5). */
public final class Certificates {

    private Certificates() {}

    /**
     * In the order of the text.
     *
     * @throws CertificateException if it is not PEM, or holds no certificate
     */
    public static List<X509Certificate> of(String pem) throws CertificateException {
        return of(pem.getBytes(US_ASCII));
    }

    /** The same, of a file's bytes. */
    public static List<X509Certificate> of(byte[] pem) throws CertificateException {
        var found =
                CertificateFactory.getInstance("X.509")
                        .generateCertificates(new ByteArrayInputStream(pem))
                        .stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (found.isEmpty()) {
            throw new CertificateException("holds no certificate in PEM");
        }
        return found;
    }
}
