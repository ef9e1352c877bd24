package net.cartback.deletion.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Map;

class DatabaseAddressTest {

    @Test
    void the_spellings_that_providers_hand_out_are_understood() {
        var address =
                DatabaseAddress.parse(
                        "postgresql://relay:s%40cr@db-1.example.com:6432,db-2.example.com/relay"
                                + "?sslmode=verify-full&sslrootcert=system&channel_binding=require"
                                + "&connect_timeout=4&application_name=shop&keepalives=1"
                                + "&target_session_attrs=read-write");

        assertThat(address.jdbcUrl())
                .isEqualTo("jdbc:postgresql://db-1.example.com:6432,db-2.example.com:5432/relay");
        assertThat(address.user()).isEqualTo("relay");
        assertThat(address.password()).isEqualTo("s@cr");
        assertThat(address.options())
                .isEqualTo(
                        Map.of(
                                "sslmode", "verify-full",
                                "sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory",
                                "channelBinding", "require",
                                "connectTimeout", "4",
                                "ApplicationName", "shop",
                                "tcpKeepAlive", "true",
                                "targetServerType", "primary"));
        assertThat(address.isLoopback()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "currentSchema=relay | has the option currentSchema: the relay's tables are in",
                "schema=public | has the option schema: the relay's tables are in",
                "options=-c search_path=relay | has the option options with a search_path",
                "options=-csearch_path=relay | has the option options with a search_path",
                "target_session_attrs=standby | has the option target_session_attrs, which must be",
                "targetServerType=preferSecondary | has the option targetServerType, which must be",
                "service=shop | has the option service: write",
                "host=/var/run/postgresql | has the option host: the host stands before",
                "pgbouncer=true | has the option pgbouncer: connect to PostgreSQL itself",
                "connection_limit=5 | has the option connection_limit: DATABASE_POOL_SIZE",
                "sslcrl=x | has the option sslcrl: the driver does not",
                "keepalives_idle=5 | has the option keepalives_idle: the system",
                "colour=red | has the option colour, which neither the PostgreSQL driver nor libpq",
                "logServerErrorDetail=true | has the option logServerErrorDetail: a server's error",
                "sslfactory=org.postgresql.ssl.NonValidatingFactory | has the option sslfactory,"
                        + " which may",
                "sslhostnameverifier=x.Y | has the option sslhostnameverifier: the server's name",
                "socketFactory=x.Y | has the option socketFactory: connections",
                "options=--search-path=relay | has the option options with a search_path",
                "connect_timeout=0 | has the option connectTimeout: it must be 1 to 30",
                "socketTimeout=00 | has the option socketTimeout: it must be 1 to 30",
                "socketTimeout=-5 | has the option socketTimeout: it must be 1 to 30",
                "socketTimeout=100000 | has the option socketTimeout: it must be 1 to 30",
                "socketTimeout= | has the option socketTimeout: it must be 1 to 30",
                "loginTimeout=-0 | has the option loginTimeout: it must be 1 to 30",
                "sslmode=disable&sslmode=verify-full | has an option that is given twice",
                "sslmode=on | must say sslmode="
            })
    void what_is_not_understood_is_refused_by_name(String option, String message) {
        var url = "postgres://u@127.0.0.1/db?" + option.replace(" ", "%20");

        assertThatThrownBy(() -> DatabaseAddress.parse(url))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres:///db",
                "postgres:///db?host=/tmp",
                "postgres://h:0/db",
                "postgres://h:70000/db",
                "postgres://h1,,h2/db",
                "postgres://h1:x,h2/db",
                "postgres://h/",
                "postgres://h",
                "mysql://h/db"
            })
    void an_address_without_a_host_and_a_database_is_none(String url) {
        assertThatThrownBy(() -> DatabaseAddress.parse(url))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_may_be_a_part_of_a_password_is_not_printed() {
        assertThatThrownBy(() -> DatabaseAddress.parse("postgres://h/db?password=a&4bC!tail=x"))
                .hasMessageContaining("(not printed)")
                .hasMessageNotContaining("4bC");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "postgres://localhost,127.0.0.1:1/db",
                "postgres://localhost:5432/db",
                "jdbc:postgresql://localhost/db?user=x"
            })
    void loopback_is_loopback_if_all_of_it_is(String url) {
        assertThat(DatabaseAddress.parse(url).isLoopback()).isTrue();
        assertThat(DatabaseAddress.parse("postgres://[::1]:5432/db").isLoopback()).isTrue();
        assertThat(DatabaseAddress.parse(url.replace("/db", ",db.example.com/db")).isLoopback())
                .isFalse();
    }
}
