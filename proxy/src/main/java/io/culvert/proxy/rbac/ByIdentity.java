package io.culvert.proxy.rbac;

/**
 * An object as a key by itself: an update of a policy or a workload is another object, however equal.
 *
 * @param object compared by identity
 */
record ByIdentity<T>(T object) {
    @Override
    @SuppressWarnings("ReferenceEquality") // the very object is meant
    public boolean equals(Object other) {
        return other instanceof ByIdentity<?> that && object == that.object;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(object);
    }
}
