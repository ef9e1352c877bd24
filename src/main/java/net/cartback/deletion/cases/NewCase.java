package net.cartback.deletion.cases;

import net.cartback.deletion.registry.MetaApp;
import net.cartback.deletion.subject.Person;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.util.List;

/**
 * What an operator enters.
 *
 * @param receivedAt when the wish reached the agency, which may be long ago; the due date counts
 *     from then on
 * @param acknowledgedAt when the person was told that it had arrived; null: not yet
 * @param contact where the person is told by mail; null: nowhere
 * @param apps the apps that the person named, 1 to {@value #MAX_APPS}; nobody else is told
 */
public record NewCase(
        Channel channel,
        Instant receivedAt,
        @Nullable Instant acknowledgedAt,
        @Nullable Contact contact,
        List<MetaApp> apps,
        Person person) {

    public static final int MAX_APPS = 20;

    public NewCase {
        apps = List.copyOf(apps);
    }

    @Override
    public String toString() {
        return "NewCase[hidden]";
    }
}
