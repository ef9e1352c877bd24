package net.cartback.deletion.access;

import net.cartback.deletion.terms.Actor;

import org.jspecify.annotations.Nullable;

/**
 * Who calls the admin API.
 *
 * @param role null: somebody who is known and may do nothing
 */
public record Caller(Actor actor, @Nullable Role role) {

    /** Whether this one may do what needs that role. */
    public boolean may(Role needed) {
        return role != null && role.covers(needed);
    }
}
