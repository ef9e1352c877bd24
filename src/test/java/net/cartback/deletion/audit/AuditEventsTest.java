package net.cartback.deletion.audit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;

/** Whoever looks for an event finds its name in the contract. */
class AuditEventsTest {

    @Test
    void the_contract_names_every_event() throws IOException {
        var named = new ArrayList<String>();
        new YAMLMapper()
                .readValue(Path.of("openapi.yaml").toFile(), JsonNode.class)
                .at("/components/schemas/Event/enum")
                .forEach(each -> named.add(each.textValue()));

        assertThat(named).isEqualTo(AuditTrail.EVENTS);
    }
}
