package net.cartback.deletion.crypto;

import java.util.List;

/**
 * A keyed digest of one value, 32 bytes under each index key.
 *
 * @param current under the key in force: to be kept
 * @param oldestFirst under every key that is loaded: to be looked for
 */
public record IndexDigest(byte[] current, List<byte[]> oldestFirst) {

    /** Whether keys are being changed, so that the same value may be kept under another one. */
    public boolean hasOthers() {
        return oldestFirst.size() > 1;
    }

    @Override
    public String toString() {
        return "IndexDigest";
    }
}
