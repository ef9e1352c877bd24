package net.cartback.deletion.attention;

import java.util.List;

/** Looks whether something needs an operator. */
@FunctionalInterface
public interface Watch {

    /** What it finds now; empty: nothing. */
    List<Attention> look();
}
