package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;

import net.cartback.deletion.access.Role;
import net.cartback.deletion.attention.Attention;
import net.cartback.deletion.attention.Attentions;
import net.cartback.deletion.web.Routes;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;

/** {@code /admin/v1/attention}: what needs an operator now, and what mends it. */
public final class AttentionRoutes implements Routes {

    private static final List<String> COLUMNS =
            List.of("cause", "concerned", "detail", "since", "count", "due_at", "remedy");

    private final Guard guard;
    private final Attentions attentions;

    public AttentionRoutes(Guard guard, Attentions attentions) {
        this.guard = guard;
        this.attentions = attentions;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Routes.read(routes, "/admin/v1/attention", guard.require(Role.VIEWER, this::list));
    }

    private void list(Context ctx) {
        var _ = new QueryParameters(ctx);
        PageAnswer.answer(
                ctx,
                "attention",
                COLUMNS,
                attentions.all().stream().map(AttentionRoutes::json).toList(),
                null);
    }

    private static ObjectNode json(Attention attention) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("cause", attention.cause().wireName())
                .put("concerned", attention.concerned())
                .put("detail", attention.detail())
                .put("since", text(attention.since()))
                .put("count", attention.count())
                .put("due_at", text(attention.due()))
                .put("remedy", attention.remedy());
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }
}
