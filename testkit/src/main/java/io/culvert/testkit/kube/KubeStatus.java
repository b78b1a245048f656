package io.culvert.testkit.kube;

import com.google.gson.JsonObject;

/** An answer that is no object: {@code kind: Status}, as the API server words its refusals. */
record KubeStatus(int code, JsonObject json) {
    static KubeStatus of(int code, String reason, String message) {
        JsonObject status = new JsonObject();
        status.addProperty("kind", "Status");
        status.addProperty("apiVersion", "v1");
        status.add("metadata", new JsonObject());
        status.addProperty("status", "Failure");
        status.addProperty("message", message);
        status.addProperty("reason", reason);
        status.addProperty("code", code);
        return new KubeStatus(code, status);
    }

    static KubeStatus notFound(String what) {
        return of(404, "NotFound", what + " not found");
    }

    static KubeStatus badRequest(String message) {
        return of(400, "BadRequest", message);
    }
}
