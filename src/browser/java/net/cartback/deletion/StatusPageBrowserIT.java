package net.cartback.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.deque.html.axecore.selenium.AxeBuilder;

import net.cartback.deletion.fixtures.FakeClientSystem;
import net.cartback.deletion.fixtures.TestRelay;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The pages in a real browser: what a person does, and whether everybody can read it. */
class StatusPageBrowserIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static final Path CHROMIUM = Path.of("/usr/bin/chromium");
    private static final Path DRIVER = Path.of("/usr/bin/chromedriver");

    @TempDir static Path profile;

    private static TestRelay relay;
    private static FakeClientSystem crm;
    private static ChromeDriver browser;

    @BeforeAll
    static void start() {
        boolean there = Files.isExecutable(CHROMIUM) && Files.isExecutable(DRIVER);
        if (System.getenv("CI") != null) {
            assertThat(there).as("Chromium and ChromeDriver are required with CI=true").isTrue();
        }
        Assumptions.assumeTrue(there, "Page tests are skipped: there is no " + CHROMIUM);
        crm =
                new FakeClientSystem("crm")
                        .answers(
                                200,
                                "{\"outcome\":\"retained\",\"retained\":[{\"category\":\"invoices\",\"ground\":\"legal_obligation\",\"until\":\"2032-12-31\"}]}");
        relay = new TestRelay().register(crm);
        browser =
                new ChromeDriver(
                        new ChromeDriverService.Builder()
                                .usingDriverExecutable(DRIVER.toFile())
                                .build(),
                        new ChromeOptions()
                                .setBinary(CHROMIUM.toFile())
                                .addArguments(
                                        "--headless",
                                        "--no-sandbox",
                                        "--disable-gpu",
                                        "--disable-quic",
                                        "--no-first-run",
                                        "--disable-background-networking",
                                        "--disable-component-update",
                                        "--disable-sync",
                                        "--disable-dev-shm-usage",
                                        "--user-data-dir=" + profile));
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.quit();
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

    @Test
    void every_page_is_accessible_on_a_desktop_and_on_a_phone() {
        var code = relay.metaAsksToDelete("2");
        for (var size : List.of(new Dimension(1280, 900), new Dimension(360, 740))) {
            browser.manage().window().setSize(size);
            for (var path :
                    List.of(
                            "/status",
                            "/status/" + code,
                            "/status/wrong",
                            "/",
                            "/meta/" + TestRelay.APP_ID + "/deauthorize",
                            "/meta/" + TestRelay.APP_ID + "/data-deletion")) {
                browser.get(relay.uri(path).toString());
                assertThat(axe().analyze(browser).getViolations()).as(path).isEmpty();
                assertThat(
                                browser.executeScript(
                                        "return document.documentElement.scrollWidth"
                                                + " <= window.innerWidth"))
                        .as(path + " fits " + size)
                        .isEqualTo(true);
            }
        }
    }

    /** Its other mode gives a new window one second, which a busy machine may need. */
    @SuppressWarnings("deprecation")
    private static AxeBuilder axe() {
        var axe = new AxeBuilder();
        axe.setLegacyMode(true);
        return axe;
    }
}
