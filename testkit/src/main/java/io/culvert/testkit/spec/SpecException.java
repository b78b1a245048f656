package io.culvert.testkit.spec;

/**
 * A mesh description that cannot be used. The message names the object, the key, what is wrong, and what to write
 * instead.
 */
public final class SpecException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String subject;
    private final String problem;

    /**
     * @param subject the object as a reader of the file would name it, such as {@code pod default/client}
     * @param problem what is wrong with it, and the remedy
     */
    public SpecException(String subject, String problem) {
        super(subject + ": " + problem);
        this.subject = subject;
        this.problem = problem;
    }

    /** The same problem, told with its place in a file: {@code mesh.yaml:12}. */
    SpecException at(String place) {
        return new SpecException(place + ": " + subject, problem);
    }

    public String subject() {
        return subject;
    }

    public String problem() {
        return problem;
    }
}
