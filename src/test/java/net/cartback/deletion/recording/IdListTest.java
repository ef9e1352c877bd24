package net.cartback.deletion.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.util.stream.Collectors.joining;

import net.cartback.deletion.terms.MetaAppId;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

class IdListTest {

    private static final MetaAppId APP = new MetaAppId("1234567890123456");

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10210123456789012",
                "\"10210123456789012\"",
                "'10210123456789012'",
                "=\"10210123456789012\"",
                "\"=\"\"10210123456789012\"\"\"",
                "'10210123456789012",
                "\u201C10210123456789012\u201D",
                " \u00A010210123456789012\u00A0 ",
                "\uFEFF10210123456789012",
                "\"10210123456789012\",2026-11-01",
                "10210123456789012;x",
                "10210123456789012\tx",
                "user_id\n10210123456789012",
                "\"user_id\",\"when\"\r\n\"10210123456789012\",\"now\"\r\n",
                "[\"10210123456789012\"]",
                "\uFEFF [ \"10210123456789012\" ]\n"
            })
    void an_id_is_read_in_whatever_form_exports_have(String text) {
        assertThat(read(text).ids()).containsExactly("10210123456789012");
        assertThat(read(text).wrongLines()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"10210123456789012",
                "10210123456789012\"",
                "10210123456789012.0",
                "1.02101E+16",
                "1,02101E+16",
                "10,210,123,456,789,012",
                "10 210 123 456 789 012",
                "1,02,10,12,34,56,78,90,123",
                "10.210.123.456.789.012",
                "=10210123456789012+1",
                "+10210123456789012",
                "0",
                "[\"x\"]",
                "[null]",
                "[{\"id\":\"1\"}]",
                "[[\"1\"]]"
            })
    void what_is_no_id_is_wrong_and_not_guessed(String text) {
        assertThat(read(text).wrongLines()).containsExactly(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10210123456789000\n10210123456780000",
                "10210123456789000",
                "1021012345678900\n17\n999999999999999",
                "[\"102101234567890000000\"]",
                "\"10210123456789000\"\n'10210987654321000'",
                // One was put in by hand afterwards.
                "10210123456781000\n10210123456782000\n10210123456783000\n10210123456784000\n"
                        + "10210123456785678"
            })
    void a_list_that_a_spreadsheet_rounded_is_refused(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("was rounded by a spreadsheet");
        assertThat(IdList.read(text, APP, 10, true).ids()).isNotEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10210123456789000\n10210123456780012",
                "10210123456789000\n10210123456780000\n10210123456780012",
                "102101234567890",
                "102101234567000\n1000",
                "1000"
            })
    void one_exact_id_shows_that_a_list_was_not_rounded(String text) {
        assertThat(read(text).ids()).hasSize(text.lines().toArray().length);
    }

    @Test
    void a_list_that_a_program_rounded_is_refused() {
        var random = new Random(20261125);
        var exact = random.longs(40, 10_000_000_000_000_000L, 18_000_000_000_000_000L).toArray();
        var javascript =
                Arrays.stream(exact)
                        .mapToObj(
                                id -> new BigDecimal(Double.toString((double) id)).toPlainString())
                        .collect(joining("\n"));
        var pandas =
                Arrays.stream(exact)
                        .mapToObj(id -> new BigDecimal((double) id).toPlainString())
                        .collect(joining("\n"));
        var asDownloaded = Arrays.stream(exact).mapToObj(Long::toString).collect(joining("\n"));

        for (var rounded : List.of(javascript, pandas)) {
            assertThatThrownBy(() -> IdList.read(rounded, APP, 100, false))
                    .hasMessageContaining("was rounded by a program");
            assertThat(IdList.read(rounded, APP, 100, true).ids()).hasSize(40);
        }
        assertThat(IdList.read(asDownloaded, APP, 100, false).ids()).hasSize(40);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a,b\n1,x\n2,y\n3,z", "3;x\n1;y\n2;z"})
    void numbers_of_rows_are_refused(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("row numbers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"7\n7", "7\n7\n7", "x,y\n7,1\n7,2", "[\"7\",\"7\"]"})
    void a_column_of_one_repeated_value_is_refused(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("one value again and again");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1234567890123456", "5\n1234567890123456", "1234567890123456,5"})
    void a_column_with_the_apps_own_id_is_refused(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("the app's own id");
    }

    @Test
    void numbers_of_rows_are_nobodys_ids() {
        assertThatThrownBy(() -> read("n,id\n1,50123\n2,50224\n3,50399"))
                .hasMessageContaining("row numbers");
        assertThat(read("1\n2\n3").ids()).hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1, 2]", "[10210123456789012]", "[1.5]"})
    void json_numbers_may_have_been_rounded(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("must be texts");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[", "[\"1\"", "[\"1\"] x", "[\"1\"][\"2\"]", "[1"})
    void a_broken_json_list_is_refused(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_list_is_as_long_as_it_may_be() {
        var eleven =
                String.join(
                        "\n",
                        Arrays.asList("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"));

        assertThatThrownBy(() -> read(eleven)).hasMessage("holds more than 10 ids");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10210123456789012,10210123456789013,10210123456789014",
                "1,10210123456789012\n2,10210123456789013",
                "name;10210123456789012"
            })
    void who_is_named_elsewhere_than_in_the_first_column_is_not_passed_over(String text) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n\n", "id\n", "<html><body>Sign in</body></html>", "[]"})
    void a_file_without_an_id_is_no_list(String text) {
        assertThatThrownBy(() -> read(text)).hasMessageContaining("holds no id");
    }

    @Test
    void a_row_without_its_first_cell_is_wrong() {
        assertThat(read("user,when\n7,x\n,y").wrongLines()).containsExactly(3);
        assertThat(read("10,210,123,456;Ann").wrongLines()).containsExactly(1);
        assertThat(read("10,210,123,Ann").wrongLines()).containsExactly(1);
    }

    @Test
    void a_row_of_nothing_is_passed_over() {
        assertThat(read("id,name\n7,x\n,\n,,\n;;\n").ids()).containsExactly("7");
        assertThat(read("id,name\n7,x\n,\n,,\n").wrongLines()).isEmpty();
    }

    @Test
    void a_line_of_many_spaces_costs_little() {
        assertThat(read(" ".repeat(40_000) + "x" + " ".repeat(40_000) + "y1").wrongLines())
                .containsExactly(1);
    }

    private static IdList read(String text) {
        return IdList.read(text, APP, 10, false);
    }
}
