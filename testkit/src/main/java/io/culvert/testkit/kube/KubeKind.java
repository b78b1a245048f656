package io.culvert.testkit.kube;

/** The kinds of objects that are served. */
public enum KubeKind {
    POD("v1", "Pod", "pods", true),
    NAMESPACE("v1", "Namespace", "namespaces", false),
    NODE("v1", "Node", "nodes", false),
    EVENT("v1", "Event", "events", true),
    DAEMON_SET("apps/v1", "DaemonSet", "daemonsets", true);

    private final String apiVersion;
    private final String kind;
    private final String plural;
    private final boolean namespaced;

    KubeKind(String apiVersion, String kind, String plural, boolean namespaced) {
        this.apiVersion = apiVersion;
        this.kind = kind;
        this.plural = plural;
        this.namespaced = namespaced;
    }

    String apiVersion() {
        return apiVersion;
    }

    String kind() {
        return kind;
    }

    String plural() {
        return plural;
    }

    boolean namespaced() {
        return namespaced;
    }

    /** Where its collections are: {@code /api/v1} or {@code /apis/apps/v1}. */
    String root() {
        return (apiVersion.indexOf('/') < 0 ? "/api/" : "/apis/") + apiVersion;
    }
}
