package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.NodeTools;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The contract is good enough for the tools of others: a linter, and a maker of clients. */
class ContractClientIT {

    private static final String CONTRACT = Path.of("openapi.yaml").toAbsolutePath().toString();
    private static final String COMPILER = "node_modules/typescript/bin/tsc";

    @Test
    void the_contract_keeps_the_recommended_rules() {
        var said = NodeTools.node("check-contract.mjs", CONTRACT);

        assertThat(said.exitCode()).as(said.errors()).isZero();
        assertThat(said.output()).isEmpty();
    }

    @Test
    void a_client_that_is_made_of_the_contract_records_what_is_retained() {
        var made =
                NodeTools.node(
                        "node_modules/openapi-typescript/bin/cli.js", CONTRACT, "-o", "relay.d.ts");
        assertThat(made.exitCode()).as(made.errors()).isZero();
        var compiled = compiled("record.ts");
        assertThat(compiled.exitCode()).as(compiled.output()).isZero();

        try (var relay = new TestRelay();
                var crm = new FakeClientSystem("crm").answers(400, "")) {
            relay.register(crm);
            relay.metaAsksToDelete("1");
            relay.dispatchOnce();

            var said =
                    NodeTools.node(
                            "record.js", relay.managementUri().toString(), TestRelay.ADMIN_TOKEN);

            assertThat(said.exitCode()).as(said.errors()).isZero();
            assertThat(
                            relay.texts(
                                    "SELECT outcome || ' ' || jsonb_array_length(retained) FROM"
                                            + " receipt"))
                    .containsExactly("retained 1");
        }
    }

    private static NodeTools.Said compiled(String source) {
        var command =
                new ArrayList<>(
                        List.of(
                                COMPILER,
                                "--strict",
                                "--target",
                                "es2022",
                                "--module",
                                "nodenext",
                                "--moduleResolution",
                                "nodenext",
                                "--skipLibCheck"));
        command.add(source);
        return NodeTools.node(command.toArray(String[]::new));
    }
}
