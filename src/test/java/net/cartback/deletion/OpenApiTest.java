package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;

import net.cartback.deletion.fixtures.Contract;

import org.junit.jupiter.api.Test;

class OpenApiTest {

    @Test
    void every_example_fits_its_schema() {
        assertThat(Contract.load().faultyExamples()).isEmpty();
    }

    @Test
    void a_wrong_example_would_be_found() throws Exception {
        var contract = Contract.load();
        var schema =
                new ObjectMapper().readTree("{\"$ref\":\"#/components/schemas/CallbackAnswer\"}");

        assertThat(
                        contract.faults(
                                schema,
                                "{\"url\":\"https://x.example\",\"confirmation_code\":\"7K3M9Q2XVB4T8WZC5N6R1YHDJF\",\"more\":1}"))
                .isNotEmpty();
        assertThat(contract.faults(schema, "{\"url\":\"https://x.example\"}")).isNotEmpty();
    }
}
