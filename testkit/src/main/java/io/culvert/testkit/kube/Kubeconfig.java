package io.culvert.testkit.kube;

/** A client's configuration: one cluster without TLS, one user without credentials. */
final class Kubeconfig {
    private Kubeconfig() {}

    static String yaml(String url) {
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: culvert-testkit
                  cluster:
                    server: %s
                users:
                - name: culvert-testkit
                  user: {}
                contexts:
                - name: culvert-testkit
                  context:
                    cluster: culvert-testkit
                    user: culvert-testkit
                current-context: culvert-testkit
                """.formatted(url);
    }
}
