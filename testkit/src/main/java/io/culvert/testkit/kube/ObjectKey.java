package io.culvert.testkit.kube;

/** Which object. The namespace is empty for kinds that have none. */
record ObjectKey(KubeKind kind, String namespace, String name) {}
