package net.cartback.deletion.admin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

import io.javalin.http.Context;

import net.cartback.deletion.web.ContentNegotiation;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * A page of a list: as JSON, or as CSV (RFC 4180) for whoever asks for {@code text/csv} by name.
 * Both tell where the next page begins: JSON in {@code next}, CSV in the header {@code Next}.
 */
final class PageAnswer {

    private static final Pattern QUOTED = Pattern.compile("[\",\r\n]");

    private PageAnswer() {}

    /**
     * @param name what the list is called in JSON
     * @param columns the fields of each row, in their order in CSV
     * @param next null: this is the last page
     */
    static void answer(
            Context ctx,
            String name,
            List<String> columns,
            List<ObjectNode> rows,
            @Nullable String next) {
        if (ContentNegotiation.isFor(ctx, "text/csv", "application/json")) {
            if (next != null) {
                ctx.header("Next", next);
            }
            ctx.contentType("text/csv; charset=utf-8")
                    .result(csv(columns, rows).getBytes(StandardCharsets.UTF_8));
            return;
        }
        var json = JsonNodeFactory.instance.objectNode();
        json.putArray(name).addAll(rows);
        SystemRoutes.answer(ctx, json.put("next", next));
    }

    private static String csv(List<String> columns, List<ObjectNode> rows) {
        var csv = new StringBuilder(String.join(",", columns)).append("\r\n");
        for (var row : rows) {
            csv.append(
                            columns.stream()
                                    .map(row::get)
                                    .map(PageAnswer::text)
                                    .collect(Collectors.joining(",")))
                    .append("\r\n");
        }
        return csv.toString();
    }

    private static String joined(JsonNode list) {
        return StreamSupport.stream(list.spliterator(), false)
                .map(JsonNode::asText)
                .collect(Collectors.joining(" "));
    }

    private static String text(JsonNode value) {
        var text = value.isArray() ? joined(value) : value.isNull() ? "" : value.asText();
        return QUOTED.matcher(text).find() ? '"' + text.replace("\"", "\"\"") + '"' : text;
    }
}
