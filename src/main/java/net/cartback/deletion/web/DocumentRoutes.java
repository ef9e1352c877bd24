package net.cartback.deletion.web;

import io.javalin.config.RoutesConfig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;

/**
 * What anybody may read: {@code GET /openapi.yaml}, the same file as at the top of the repository,
 * and {@code GET /.well-known/jwks.json}, the relay's public signing keys (RFC 7517).
 */
public final class DocumentRoutes implements Routes {

    private final byte[] openApi;
    private final Supplier<String> publicKeys;

    public DocumentRoutes(Supplier<String> publicKeys) {
        this.openApi = resource("/openapi.yaml");
        this.publicKeys = publicKeys;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(
                routes,
                "/openapi.yaml",
                ctx -> ctx.contentType("application/yaml").result(openApi));
        Routes.read(
                routes,
                "/.well-known/jwks.json",
                ctx ->
                        ctx.contentType("application/jwk-set+json")
                                .header("Cache-Control", "public, max-age=300")
                                .result(publicKeys.get()));
    }

    private static byte[] resource(String name) {
        try (var in = DocumentRoutes.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + " is missing from the jar");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
