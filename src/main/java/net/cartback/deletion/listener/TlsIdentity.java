package net.cartback.deletion.listener;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.nimbusds.jose.jwk.Curve;

import org.eclipse.jetty.server.HttpConfiguration;
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
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The certificate and the key with which a listener speaks TLS 1.3 (RFC 8446), and nothing older:
 * for those without an ingress. Both are PEM files, and are loaded again when they change; a new
 * pair that cannot be used is told, and the old one stays.
 */
public final class TlsIdentity {

    private static final Logger log = LoggerFactory.getLogger(TlsIdentity.class);
    private static final long MAX_FILE = 64L * 1024;
    private static final int MIN_RSA_BITS = 2048;
    private static final String ALIAS = "relay";

    private static final Set<Curve> CURVES = Set.of(Curve.P_256, Curve.P_384, Curve.P_521);

    /** Of a key store that never leaves this process. */
    private static final String PASSWORD = "unused";

    private static final Pattern KEY =
            Pattern.compile(
                    "-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

    private final Path certificateFile;
    private final Path keyFile;
    private final InstantSource clock;
    private final SslContextFactory.Server factory = new SslContextFactory.Server();
    private volatile Pair loaded;

    /** Both files as they were read, and what they hold. */
    private record Pair(
            byte[] certificate, byte[] key, KeyStore store, Instant notBefore, Instant notAfter) {

        boolean isValid(Instant now) {
            return !now.isBefore(notBefore) && now.isBefore(notAfter);
        }

        boolean isOf(byte[] otherCertificate, byte[] otherKey) {
            return Arrays.equals(certificate, otherCertificate) && Arrays.equals(key, otherKey);
        }
    }

    private TlsIdentity(Path certificateFile, Path keyFile, InstantSource clock, Pair loaded) {
        this.certificateFile = certificateFile;
        this.keyFile = keyFile;
        this.clock = clock;
        this.loaded = loaded;
        factory.setIncludeProtocols("TLSv1.3");
        factory.setKeyStorePassword(PASSWORD);
        factory.setKeyStore(loaded.store());
    }

    /**
     * Reads both files. A certificate that is not valid now is used and warned of: deletions must
     * go out all the same.
     *
     * @param certificateFile the certificate, and those that lead from it to an authority
     * @param keyFile its private key, as PKCS #8: RSA of 2048 bits or more, or P-256, P-384 or
     *     P-521
     * @throws IllegalArgumentException in a sentence, if one cannot be used; it quotes no key
     */
    public static TlsIdentity load(Path certificateFile, Path keyFile, InstantSource clock) {
        var pair = pair(read(certificateFile), read(keyFile));
        if (!pair.isValid(clock.instant())) {
            log.atWarn()
                    .addKeyValue("not_before", pair.notBefore())
                    .addKeyValue("not_after", pair.notAfter())
                    .log("The certificate of the listener is not valid now");
        }
        return new TlsIdentity(certificateFile, keyFile, clock, pair);
    }

    /** When the certificate that is used ends. */
    public Instant notAfter() {
        return loaded.notAfter();
    }

    /** Loads both files again if one of them has changed, and what is new is valid now. */
    public void reloadIfChanged() {
        try {
            var certificate = read(certificateFile);
            var key = read(keyFile);
            if (loaded.isOf(certificate, key)) {
                return;
            }
            var pair = pair(certificate, key);
            if (!pair.isValid(clock.instant())) {
                throw new IllegalArgumentException(
                        "the new one is valid from %s to %s"
                                .formatted(pair.notBefore(), pair.notAfter()));
            }
            use(pair);
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

    /** All or nothing: the factory keeps a store that it could not load. */
    private void use(Pair pair) throws Exception {
        try {
            factory.reload(same -> factory.setKeyStore(pair.store()));
        } catch (Exception e) {
            factory.setKeyStore(loaded.store());
            throw e;
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
                        new MendingConnections(secure));
        connector.setHost(host);
        connector.setPort(port);
        connector.setAcceptedSendBufferSize(HttpListener.SEND_BUFFER_BYTES);
        connector.setAcceptQueueSize(HttpListener.ACCEPT_QUEUE);
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
                throw new IllegalArgumentException(
                        "the certificate file holds no certificate in PEM");
            }
            if (!isUsable(first.getPublicKey())) {
                throw new IllegalArgumentException(
                        "the certificate's key must be RSA of 2048 bits or more, or P-256, P-384"
                                + " or P-521");
            }
            var secret = key(key, first.getPublicKey().getAlgorithm());
            if (!match(secret, first)) {
                throw new IllegalArgumentException(
                        "the private key does not belong to the certificate");
            }
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry(ALIAS, secret, PASSWORD.toCharArray(), chain);
            return new Pair(
                    certificate,
                    key,
                    store,
                    first.getNotBefore().toInstant(),
                    first.getNotAfter().toInstant());
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalArgumentException(
                    "the certificate or its private key is malformed", e);
        }
    }

    private static PrivateKey key(byte[] pem, String algorithm) throws GeneralSecurityException {
        var found = KEY.matcher(new String(pem, US_ASCII));
        if (!found.find()) {
            throw new IllegalArgumentException(
                    "the private key must be PKCS #8 in PEM, without a password (openssl pkcs8"
                            + " -topk8 -nocrypt makes it so)");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(found.group(1));
        } catch (IllegalArgumentException e) {
            throw new InvalidKeyException("not in base64");
        }
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    /** What clients of TLS 1.3 must or commonly do take (RFC 8446, section 4.2.3). */
    private static boolean isUsable(PublicKey key) {
        return switch (key) {
            case RSAPublicKey rsa -> rsa.getModulus().bitLength() >= MIN_RSA_BITS;
            case ECPublicKey curve -> {
                var of = Curve.forECParameterSpec(curve.getParams());
                yield CURVES.stream().anyMatch(each -> each.equals(of));
            }
            default -> false;
        };
    }

    /** Whether what one signs, the other verifies. */
    private static boolean match(PrivateKey key, X509Certificate certificate)
            throws GeneralSecurityException {
        var algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        var signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(new byte[1]);
        var signed = signature.sign();
        signature.initVerify(certificate.getPublicKey());
        signature.update(new byte[1]);
        return signature.verify(signed);
    }
}
