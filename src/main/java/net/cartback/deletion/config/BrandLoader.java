package net.cartback.deletion.config;

import net.cartback.deletion.brand.Brand;
import net.cartback.deletion.brand.BrandReader;
import net.cartback.deletion.yaml.InvalidFile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the brand that is configured, with its variables from the environment. */
public final class BrandLoader {

    private BrandLoader() {}

    /**
     * What {@code BRAND_FILE} names; {@link Brand#NONE} if it is unset.
     *
     * @throws Refused with the file's name before each fault
     */
    public static Brand read(Config config) {
        var file = config.brandFile();
        if (file == null) {
            return Brand.NONE;
        }
        try {
            var folder = file.toAbsolutePath().getParent();
            return BrandReader.read(
                    Files.readString(file),
                    config.environment(),
                    folder == null ? Path.of("/") : folder);
        } catch (IOException e) {
            throw Refused.unreadable("the brand " + file, e);
        } catch (InvalidFile e) {
            throw Refused.of("the brand " + file, e.faults());
        }
    }
}
