package net.cartback.deletion.web;

import static java.nio.charset.StandardCharsets.US_ASCII;

import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * The certificate and the key with which a listener speaks TLS 1.3 (RFC 8446), and nothing older:
 * for those without an ingress. Both are PEM files, and are loaded again when they change; a new
 * pair that cannot be used is told, and the old one stays.
 *
 * <p>Thread-safe.
 */
public final class TlsIdentity {

    private static final Logger log = LoggerFactory.getLogger(TlsIdentity.class);
    private static final long MAX_FILE = 64L * 1024;
    private static final String ALIAS = "relay";

    /** Of a key store that never leaves this process. */
    private static final String PASSWORD = "unused";

    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private final Path certificateFile;
    private final Path keyFile;
    private final SslContextFactory.Server factory = new SslContextFactory.Server();
    private volatile Pair loaded;

    /** Both files as they were read, and what they hold. */
    private record Pair(byte[] certificate, byte[] key, KeyStore store, Instant notAfter) {

        boolean isOf(byte[] otherCertificate, byte[] otherKey) {
            return Arrays.equals(certificate, otherCertificate) && Arrays.equals(key, otherKey);
        }
    }

    private TlsIdentity(Path certificateFile, Path keyFile, Pair loaded) {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.loaded = loaded;
        factory.setIncludeProtocols("TLSv1.3");
        factory.setKeyStorePassword(PASSWORD);
        factory.setKeyStore(loaded.store());
    }

    /**
     * Reads both files.
     *
     * @param certificateFile the certificate, and those that lead from it to an authority
     * @param keyFile its private key, as PKCS #8
     * @throws IllegalArgumentException in a sentence, if one cannot be used; it quotes no key
     */
    public static TlsIdentity load(Path certificateFile, Path keyFile) {
        var pair = pair(read(certificateFile), read(keyFile));
        return new TlsIdentity(certificateFile, keyFile, pair);
    }

    /** When the certificate that is used ends. */
    public Instant notAfter() {
        return loaded.notAfter();
    }

    /** Loads both files again if one of them has changed. */
    public void reloadIfChanged() {
        try {
            var certificate = read(certificateFile);
            var key = read(keyFile);
            if (loaded.isOf(certificate, key)) {
                return;
            }
            var pair = pair(certificate, key);
            factory.reload(same -> factory.setKeyStore(pair.store()));
            loaded = pair;
            log.atInfo()
                    .addKeyValue("not_after", pair.notAfter())
                    .log("The certificate of the listener was loaded again");
        } catch (IllegalArgumentException e) {
            // While they are being changed, one may be new and the other old.
            log.warn("The listener keeps its certificate: {}", e.getMessage());
        } catch (Exception e) {
            log.error("The listener keeps its certificate", e);
        }
    }

    ServerConnector connector(Server server, HttpConfiguration http, String host, int port) {
        var secure = new HttpConfiguration(http);
        // Names are the certificate's to prove, not ours to check.
        secure.addCustomizer(new SecureRequestCustomizer(false));
        var connector =
                new ServerConnector(
                        server,
                        new SslConnectionFactory(factory, "http/1.1"),
                        new HttpConnectionFactory(secure));
        connector.setHost(host);
        connector.setPort(port);
        return connector;
    }

    private static byte[] read(Path file) {
        try {
            if (Files.size(file) > MAX_FILE) {
                throw new IllegalArgumentException(file + " is longer than 64 KiB");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IllegalArgumentException(file + " cannot be read", e);
        }
    }

    private static Pair pair(byte[] certificate, byte[] key) {
        try {
            var chain =
                    CertificateFactory.getInstance("X.509")
                            .generateCertificates(new ByteArrayInputStream(certificate))
                            .toArray(new Certificate[0]);
            if (chain.length == 0 || !(chain[0] instanceof X509Certificate first)) {
                throw new IllegalArgumentException("the certificate's file holds none in PEM");
            }
            var secret = key(key, first.getPublicKey().getAlgorithm());
            if (!match(secret, first)) {
                throw new IllegalArgumentException("the private key is not the certificate's");
            }
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, secret, PASSWORD.toCharArray(), chain);
            return new Pair(certificate, key, store, first.getNotAfter().toInstant());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException("the certificate or its private key has no form", e);
        }
    }

    private static PrivateKey key(byte[] pem, String algorithm) throws GeneralSecurityException {
        var found = KEY.matcher(new String(pem, US_ASCII));
        if (!found.find()) {
            throw new IllegalArgumentException(
                    "the private key must be PKCS #8 in PEM, without a password (openssl pkcs8"
                            + " -topk8 -nocrypt makes it so)");
        }
        return KeyFactory.getInstance(algorithm)
                .generatePrivate(
                        new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(found.group(1))));
    }

    /** Whether what one signs, the other verifies. */
    private static boolean match(PrivateKey key, X509Certificate certificate)
            throws GeneralSecurityException {
        var algorithm =
                switch (key.getAlgorithm()) {
                    case "RSA" -> "SHA256withRSA";
                    case "EC" -> "SHA256withECDSA";
                    default -> key.getAlgorithm();
                };
        var signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(new byte[1]);
        var signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(new byte[1]);
        return signature.verify(signed);
    }
}
