package net.cartback.deletion.storage;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;

/** Another database on the same server. */
public final class ExtraDatabase {

    private static final String EXISTS = "42P04";
    private static final String NO_RIGHT = "42501";

    private ExtraDatabase() {}

    /**
     * The database of this name beside another one; it is made if it is not there.
     *
     * @param name of lower-case letters and underscores
     * @throws DatabaseUnavailable if the server cannot be reached
     * @throws SchemaRefused if the role may not make it
     */
    public static DatabaseAddress beside(DatabaseAddress address, String name) {
        var properties = new Properties();
        properties.putAll(Database.properties(address));
        try (var connection = DriverManager.getConnection(address.jdbcUrl(), properties);
                var statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + statement.enquoteIdentifier(name, false));
        } catch (SQLException e) {
            if (NO_RIGHT.equals(e.getSQLState())) {
                throw new SchemaRefused(
                        "The role of DATABASE_URL may not create the database "
                                + name
                                + ". Run as a superuser: ALTER ROLE … CREATEDB");
            }
            if (!EXISTS.equals(e.getSQLState())) {
                throw new DatabaseUnavailable(e);
            }
        }
        return address.withDatabase(name);
    }
}
