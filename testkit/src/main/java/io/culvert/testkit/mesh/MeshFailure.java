package io.culvert.testkit.mesh;

/** A mesh could not be brought to where it was told to go. The message is for the person who runs it. */
public final class MeshFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    public MeshFailure(String message) {
        super(message);
    }

    public MeshFailure(String message, Throwable cause) {
        super(message + ": " + cause.getMessage(), cause);
    }
}
