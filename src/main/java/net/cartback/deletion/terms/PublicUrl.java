package net.cartback.deletion.terms;

/**
 * Where the relay is reached from outside: the base of status and receipt URLs, without a slash at
 * its end. Without a configured one it is known once the port is. The Host header is never used.
 */
public final class PublicUrl {

    private volatile String base;

    /** One that is told later. */
    public PublicUrl() {
        this("");
    }

    public PublicUrl(String base) {
        this.base = base;
    }

    public void set(String base) {
        this.base = base;
    }

    public String base() {
        return base;
    }

    /** Where a person reads what became of the request of this code. */
    public String ofStatus(ConfirmationCode code) {
        return base + "/status/" + code.value();
    }

    /** Where a client system posts what it did. */
    public String ofReceipt(DeliveryId delivery) {
        return base + "/receipts/" + delivery;
    }
}
