package net.cartback.deletion.ledger;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.answer.Answer;
import net.cartback.deletion.answer.Category;
import net.cartback.deletion.answer.Ground;
import net.cartback.deletion.answer.Outcome;
import net.cartback.deletion.answer.Retained;
import net.cartback.deletion.terms.WireName;

import org.jspecify.annotations.Nullable;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;

/** How an answer stands in columns. */
public final class AnswerColumns {

    private static final ObjectMapper JSON = new ObjectMapper();

    private AnswerColumns() {}

    /** From the columns {@code outcome}, {@code retained} as text, and {@code ground}. */
    public static Answer answer(ResultSet row) throws SQLException {
        var ground = row.getString("ground");
        return new Answer(
                WireName.named(Outcome.class, row.getString("outcome")),
                retained(row.getString("retained")),
                ground == null ? null : WireName.named(Ground.class, ground));
    }

    /** For the column {@code retained}. */
    public static String retained(List<Retained> retained) {
        var array = JSON.createArrayNode();
        for (var each : retained) {
            array.addObject()
                    .put("category", each.category().wireName())
                    .put("ground", each.ground().wireName())
                    .put("until", each.until() == null ? null : each.until().toString());
        }
        return array.toString();
    }

    /** From the column {@code retained} as text. */
    public static List<Retained> retained(@Nullable String json) {
        if (json == null) {
            return List.of();
        }
        try {
            var retained = new ArrayList<Retained>();
            for (JsonNode each : JSON.readTree(json)) {
                retained.add(
                        new Retained(
                                WireName.named(Category.class, each.get("category").textValue()),
                                WireName.named(Ground.class, each.get("ground").textValue()),
                                each.get("until").isNull()
                                        ? null
                                        : LocalDate.parse(each.get("until").textValue())));
            }
            return retained;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("A column of retained data holds no JSON", e);
        }
    }
}
