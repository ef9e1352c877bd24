package net.cartback.deletion;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;

import okhttp3.HttpUrl;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class ArchitectureTest {

    private static final String ROOT = "net.cartback.deletion";
    private static final List<String> FEATURES =
            List.of("intake", "dispatch", "receipt", "status", "admin", "demo");
    private static final JavaClasses CLASSES =
            new ClassFileImporter()
                    .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                    .importPackages(ROOT);

    @Test
    void the_classes_are_there_to_be_checked() {
        assertThat(CLASSES.size()).isGreaterThan(80);
    }

    @Test
    void packages_depend_in_one_direction() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void intake_dispatch_receipt_status_and_admin_do_not_know_one_another() {
        for (var feature : List.of("intake", "dispatch", "receipt", "status", "admin")) {
            var others =
                    FEATURES.stream()
                            .filter(other -> !other.equals(feature))
                            .map(ArchitectureTest::in);
            noClasses()
                    .that()
                    .resideInAPackage(in(feature))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(others.toArray(String[]::new))
                    .check(CLASSES);
        }
    }

    @Test
    void crypto_and_storage_know_nothing_above_them() {
        for (var low : List.of("crypto", "storage")) {
            classes()
                    .that()
                    .resideInAPackage(in(low))
                    .should()
                    .onlyDependOnClassesThat()
                    .resideOutsideOfPackages(others(low))
                    .check(CLASSES);
        }
    }

    @Test
    void web_knows_no_feature() {
        noClasses()
                .that()
                .resideInAPackage(in("web"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        in("intake"),
                        in("dispatch"),
                        in("receipt"),
                        in("status"),
                        in("demo"),
                        in("ledger"),
                        in("registry"),
                        in("crypto"))
                .check(CLASSES);
    }

    @Test
    void sql_is_run_by_those_who_own_tables_and_by_storage_only() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        in("ledger"),
                        in("registry"),
                        in("keys"),
                        in("audit"),
                        in("access"),
                        in("storage"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.jdbi..", "java.sql..", "javax.sql..", "org.postgresql..")
                .check(CLASSES);
    }

    @Test
    void only_web_and_routes_know_the_web_framework() {
        noClasses()
                .that()
                .resideInAnyPackage(
                        in("ledger"), in("registry"), in("crypto"), in("storage"), in("dispatch"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.javalin..", "org.eclipse.jetty..", "jakarta.servlet..")
                .check(CLASSES);
    }

    /** It calls the relay itself, as Meta does. */
    private static DescribedPredicate<JavaClass> ofTheCheck() {
        return DescribedPredicate.describe(
                "of the check of callbacks",
                each -> each.getName().startsWith("net.cartback.deletion.CallbackCheck"));
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
                .resideOutsideOfPackages(ROOT, in("storage"), in("demo"))
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

    private static String[] others(String low) {
        return List.of(
                        "intake",
                        "dispatch",
                        "receipt",
                        "status",
                        "admin",
                        "demo",
                        "ledger",
                        "registry",
                        "web",
                        "crypto",
                        "storage")
                .stream()
                .filter(other -> !other.equals(low))
                .map(ArchitectureTest::in)
                .toArray(String[]::new);
    }

    private static String in(String feature) {
        return ROOT + "." + feature + "..";
    }
}
