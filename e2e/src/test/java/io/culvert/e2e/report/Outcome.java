package io.culvert.e2e.report;

/**
 * One test as Surefire reported it.
 *
 * @param module directory of the Maven module
 * @param className binary name of the test class
 * @param method method name, with parameters where Surefire gives them; the empty string for a whole class
 * @param tier what the test needs: unit, loop, direct, netns or e2e
 * @param verdict how it ended
 * @param reason first line of why it failed or was not run; empty when it passed
 */
record Outcome(String module, String className, String method, String tier, Verdict verdict, String reason) {

    enum Verdict {
        PASSED,
        FAILED,
        SKIPPED
    }

    String title() {
        String simpleName = className.substring(className.lastIndexOf('.') + 1);
        return method.isEmpty() ? simpleName : simpleName + "." + method;
    }
}
