package io.culvert.testkit.kube;

/**
 * A request that was received, for tests.
 *
 * @param uri path and query as sent
 * @param body empty if there was none
 */
public record KubeRequest(String method, String uri, String body) {}
