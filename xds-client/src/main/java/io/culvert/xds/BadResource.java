package io.culvert.xds;

/** A resource that cannot be used; the message is the reason in the NACK (texts of ztunnel state/workload.rs). */
final class BadResource extends Exception {
    BadResource(String reason) {
        super(reason);
    }

    static BadResource unknownEnum(String field, int number) {
        return new BadResource("unknown enum: " + field + " " + number);
    }
}
