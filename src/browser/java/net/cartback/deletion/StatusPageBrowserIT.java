package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import net.cartback.deletion.fixtures.Browser;
import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.chrome.ChromeDriver;

import java.nio.file.Path;
import java.time.Duration;

/** The pages in a real browser: what a person does, and whether everybody can read it. */
class StatusPageBrowserIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    @TempDir static Path profile;

    private static TestRelay relay;
    private static FakeClientSystem crm;
    private static Browser window;
    private static ChromeDriver browser;

    @BeforeAll
    static void start() {
        window = new Browser(profile);
        browser = window.driver();
        crm =
                new FakeClientSystem("crm")
                        .answers(
                                200,
                                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}]}");
        relay = new TestRelay().register(crm);
    }

    @AfterAll
    static void stop() {
        if (window != null) {
            window.close();
        }
        if (relay != null) {
            relay.close();
            crm.close();
        }
    }

    @Test
    void a_person_enters_the_code_and_reads_what_became_of_the_request() {
        var code = relay.metaAsksToDelete("1");
        relay.dispatchOnce();

        browser.get(relay.uri("/status").toString());
        browser.findElement(By.id("code")).sendKeys(code.toLowerCase(java.util.Locale.ROOT));
        browser.findElement(By.tagName("button")).click();

        await().atMost(PATIENCE)
                .until(() -> String.valueOf(browser.getCurrentUrl()).endsWith("/status/" + code));
        await().atMost(PATIENCE).until(() -> !browser.findElements(By.tagName("dl")).isEmpty());
        assertThat(browser.findElement(By.tagName("h1")).getText())
                .isEqualTo("Not everything was deleted");
        assertThat(browser.findElement(By.tagName("main")).getText())
                .contains(
                        "Invoices", "The law requires that this data is kept.", "31 December 2032");
        // The content security policy lets the page's own style through.
        assertThat(browser.findElement(By.tagName("main")).getCssValue("max-width"))
                .isEqualTo("672px");
    }

    @Test
    void a_wrong_code_leads_back_to_the_field() {
        browser.get(relay.uri("/status/wrong").toString());

        browser.findElement(By.linkText("Enter a confirmation code")).click();
        await().atMost(PATIENCE).until(() -> !browser.findElements(By.id("code")).isEmpty());

        assertThat(browser.findElement(By.id("code")).isDisplayed()).isTrue();
    }
}
