package net.cartback.deletion.crypto;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.nimbusds.jose.JOSEObject;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.util.Base64URL;

import java.text.ParseException;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * JWS in its compact form (RFC 7515) with Ed25519 (RFC 8037). Nimbus reads and writes the header;
 * the signature is made and checked by {@link Ed25519}, as everywhere here.
 */
final class Jws {

    private Jws() {}

    /** Whether a signature is that of a content under the key of this id. */
    interface Verifier {
        boolean verify(String kid, byte[] content, byte[] signature);
    }

    static String sign(String type, String json, String kid, UnaryOperator<byte[]> signer) {
        var header =
                new JWSHeader.Builder(JWSAlgorithm.EdDSA)
                        .type(new JOSEObjectType(type))
                        .keyID(kid)
                        .build();
        var content = header.toBase64URL() + "." + new Payload(json).toBase64URL();
        return content + "." + Base64URL.encode(signer.apply(content.getBytes(US_ASCII)));
    }

    static Optional<String> open(String type, String jws, Verifier verifier) {
        try {
            var parts = JOSEObject.split(jws);
            var header = JWSHeader.parse(parts[0]);
            var content = (parts[0] + "." + parts[1]).getBytes(US_ASCII);
            boolean holds =
                    parts.length == 3
                            && header.getAlgorithm().equals(JWSAlgorithm.EdDSA)
                            && header.getCriticalParams() == null
                            && header.getKeyID() != null
                            && new JOSEObjectType(type).equals(header.getType())
                            && verifier.verify(header.getKeyID(), content, parts[2].decode());
            return holds ? Optional.of(parts[1].decodeToString()) : Optional.empty();
        } catch (ParseException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
