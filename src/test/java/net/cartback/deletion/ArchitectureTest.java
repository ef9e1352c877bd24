package net.cartback.deletion;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import static org.assertj.core.api.Assertions.assertThat;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import okhttp3.HttpUrl;

import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

class ArchitectureTest {

    private static final String ROOT = "net.cartback.deletion";

    /**
     * Every package, each before those that may use it, with those that it may use. A new package
     * has to take a place here.
     */
    private static final Map<String, List<String>> USES = uses();

    private static Map<String, List<String>> uses() {
        var uses = new LinkedHashMap<String, List<String>>();
        uses.put("crypto", List.of());
        uses.put("language", List.of());
        uses.put("terms", List.of("crypto"));
        uses.put("subject", List.of("terms"));
        uses.put("answer", List.of("terms"));
        uses.put("storage", List.of("language", "terms"));
        uses.put("web", List.of("crypto", "storage"));
        uses.put("yaml", List.of("crypto", "language"));
        uses.put("brand", List.of("crypto", "language", "yaml"));
        uses.put("calendar", List.of("yaml"));
        uses.put("page", List.of("crypto", "language", "web", "brand"));
        uses.put("listener", List.of("web"));
        uses.put("keys", List.of("crypto", "storage"));
        uses.put(
                "registry",
                List.of(
                        "crypto",
                        "language",
                        "terms",
                        "subject",
                        "answer",
                        "storage",
                        "yaml",
                        "keys"));
        uses.put("gate", List.of("terms", "storage"));
        uses.put(
                "ledger",
                List.of(
                        "crypto",
                        "terms",
                        "subject",
                        "answer",
                        "storage",
                        "keys",
                        "registry",
                        "gate"));
        uses.put(
                "reading",
                List.of(
                        "crypto",
                        "language",
                        "terms",
                        "subject",
                        "answer",
                        "storage",
                        "keys",
                        "gate",
                        "ledger"));
        uses.put("attention", List.of("crypto", "terms", "storage"));
        uses.put("retention", List.of("terms", "storage", "registry", "reading"));
        uses.put(
                "recording",
                List.of(
                        "crypto",
                        "terms",
                        "subject",
                        "storage",
                        "keys",
                        "registry",
                        "gate",
                        "ledger",
                        "reading"));
        uses.put(
                "operation",
                List.of(
                        "crypto", "terms", "answer", "storage", "keys", "gate", "ledger",
                        "reading"));
        uses.put("mail", List.of("crypto", "language", "terms", "storage"));
        uses.put(
                "cases",
                List.of(
                        "crypto",
                        "language",
                        "calendar",
                        "terms",
                        "subject",
                        "storage",
                        "keys",
                        "registry",
                        "reading",
                        "recording",
                        "operation",
                        "mail"));
        uses.put("audit", List.of("crypto", "terms", "storage"));
        uses.put("access", List.of("crypto", "terms", "storage", "keys"));
        uses.put(
                "intake",
                List.of(
                        "crypto",
                        "language",
                        "terms",
                        "subject",
                        "storage",
                        "web",
                        "brand",
                        "page",
                        "registry",
                        "attention",
                        "recording"));
        uses.put(
                "receipt",
                List.of("crypto", "terms", "answer", "web", "registry", "ledger", "operation"));
        uses.put(
                "status",
                List.of(
                        "language",
                        "terms",
                        "answer",
                        "web",
                        "brand",
                        "page",
                        "registry",
                        "reading",
                        "subject",
                        "cases"));
        uses.put(
                "dispatch",
                List.of(
                        "crypto",
                        "terms",
                        "subject",
                        "answer",
                        "storage",
                        "web",
                        "registry",
                        "gate",
                        "ledger",
                        "operation"));
        uses.put(
                "admin",
                List.of(
                        "crypto",
                        "language",
                        "terms",
                        "subject",
                        "answer",
                        "storage",
                        "web",
                        "keys",
                        "registry",
                        "gate",
                        "ledger",
                        "reading",
                        "attention",
                        "recording",
                        "operation",
                        "mail",
                        "cases",
                        "audit",
                        "access"));
        uses.put("demo", List.of("crypto", "web", "listener", "registry", "intake"));
        uses.put(
                "config",
                List.of(
                        "crypto",
                        "terms",
                        "storage",
                        "web",
                        "yaml",
                        "subject",
                        "brand",
                        "calendar",
                        "registry",
                        "access",
                        "mail",
                        "dispatch"));
        // These two wire everything.
        uses.put("serve", List.copyOf(uses.keySet()));
        uses.put("command", List.copyOf(uses.keySet()));
        return uses;
    }

    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages(ROOT);

    @Test
    void the_classes_are_there_to_be_checked() {
        assertThat(CLASSES.size()).isGreaterThan(80);
    }

    @Test
    void each_package_uses_only_those_below_it_that_it_has_a_reason_to() {
        var layers =
                layeredArchitecture()
                        .consideringOnlyDependenciesInLayers()
                        .ensureAllClassesAreContainedInArchitecture();
        for (var name : USES.keySet()) {
            layers = layers.layer(name).definedBy(in(name));
        }
        for (var each : USES.entrySet()) {
            layers =
                    each.getValue().isEmpty()
                            ? layers.whereLayer(each.getKey()).mayNotAccessAnyLayer()
                            : layers.whereLayer(each.getKey())
                                    .mayOnlyAccessLayers(each.getValue().toArray(String[]::new));
        }
        layers.check(CLASSES);
    }

    @Test
    void no_package_is_allowed_what_stands_above_it() {
        var below = new ArrayList<String>();
        for (var each : USES.entrySet()) {
            assertThat(below).as(each.getKey()).containsAll(each.getValue());
            below.add(each.getKey());
        }
    }

    @Test
    void no_package_has_over_20_types() {
        var types =
                CLASSES.stream()
                        .filter(each -> each.isTopLevelClass() && !isPackageInfo(each))
                        .collect(groupingBy(JavaClass::getPackageName, counting()));
        assertThat(types)
                .allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(20));
    }

    private static boolean isPackageInfo(JavaClass each) {
        return each.getSimpleName().equals("package-info");
    }

    @Test
    void words_and_answers_are_pure_values() {
        noClasses()
                .that()
                .resideInAnyPackage(in("terms"), in("answer"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.jdbi..", "java.sql..", "java.nio.file..", "java.net..")
                .check(CLASSES);
    }

    @Test
    void a_protocol_knows_nothing_of_when_and_over_what_it_is_spoken() {
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".dispatch.protocol")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(ROOT + ".dispatch")
                .check(CLASSES);
    }

    @Test
    void reading_and_attention_write_nothing() {
        noClasses()
                .that()
                .resideInAnyPackage(in("reading"), in("attention"))
                .should()
                .callMethod(Handle.class, "createUpdate", String.class)
                .orShould()
                .callMethod(Handle.class, "execute", String.class, Object[].class)
                .orShould()
                .callMethod(Handle.class, "prepareBatch", String.class)
                .check(CLASSES);
    }

    @Test
    void sql_is_run_by_those_who_own_tables_and_by_storage_only() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        in("crypto"),
                        in("terms"),
                        in("answer"),
                        in("web"),
                        in("page"),
                        in("listener"),
                        in("yaml"),
                        in("intake"),
                        in("receipt"),
                        in("status"),
                        in("dispatch"),
                        in("admin"),
                        in("demo"),
                        in("config"),
                        in("serve"),
                        in("command"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.jdbi..", "java.sql..", "javax.sql..", "org.postgresql..")
                .check(CLASSES);
    }

    @Test
    void only_routes_know_the_web_framework() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        in("web"),
                        in("page"),
                        in("listener"),
                        in("intake"),
                        in("receipt"),
                        in("status"),
                        in("admin"),
                        in("demo"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "jakarta.servlet..")
                .check(CLASSES);
    }

    /** It calls the relay itself, as Meta does. */
    private static DescribedPredicate<JavaClass> ofTheCheck() {
        return DescribedPredicate.describe(
                "of the check of callbacks",
                each -> each.getName().startsWith(ROOT + ".command.CallbackCheck"));
    }

    @Test
    void only_dispatch_calls_client_systems() {
        noClasses()
                .that()
                .resideOutsideOfPackages(in("dispatch"), in("demo"))
                .and(not(ofTheCheck()))
                .should()
                // Whether an address can be called is the client's to say; that calls nobody.
                .dependOnClassesThat(
                        resideInAnyPackage("okhttp3..", "java.net.http..")
                                .and(not(assignableTo(HttpUrl.class)))
                                .and(not(assignableTo(HttpUrl.Companion.class))))
                .check(CLASSES);
    }

    @Test
    void the_real_clock_is_known_at_the_edges_only() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        in("command"), in("config"), in("serve"), in("storage"), in("demo"))
                .should()
                .callMethod(java.time.Instant.class, "now")
                .orShould()
                .callMethod(java.lang.System.class, "currentTimeMillis")
                .check(CLASSES);
    }

    @Test
    void every_package_says_what_it_is_and_forbids_null() throws IOException {
        try (var directories = Files.walk(Path.of("src/main/java"))) {
            var packages =
                    directories
                            .filter(Files::isDirectory)
                            .filter(ArchitectureTest::holdsClasses)
                            .toList();
            assertThat(packages).hasSizeGreaterThan(8);
            assertThat(packages)
                    .allSatisfy(
                            each ->
                                    assertThat(Files.readString(each.resolve("package-info.java")))
                                            .contains("/**", "@NullMarked"));
        }
    }

    private static boolean holdsClasses(Path directory) {
        var files = directory.toFile().list((in, name) -> name.endsWith(".java"));
        return files != null && files.length > 0;
    }

    private static String in(String feature) {
        return ROOT + "." + feature + "..";
    }
}
