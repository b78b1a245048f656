package io.culvert.testkit.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.Optional;

/** What clients ask to learn what there is to ask for. */
final class Discovery {
    private static final String VERSION =
            "{\"major\":\"1\",\"minor\":\"34\",\"gitVersion\":\"v1.34.0\",\"platform\":\"linux/amd64\"}";
    private static final String APPS =
            "{\"name\":\"apps\",\"versions\":[{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}],"
                    + "\"preferredVersion\":{\"groupVersion\":\"apps/v1\",\"version\":\"v1\"}}";

    private Discovery() {}

    static Optional<JsonObject> find(String path) {
        return switch (path) {
            case "/version" -> Optional.of(parse(VERSION));
            case "/api" -> Optional.of(parse("{\"kind\":\"APIVersions\",\"versions\":[\"v1\"]}"));
            case "/apis" ->
                Optional.of(parse("{\"kind\":\"APIGroupList\",\"apiVersion\":\"v1\",\"groups\":[" + APPS + "]}"));
            case "/api/v1" -> Optional.of(resources("v1"));
            case "/apis/apps/v1" -> Optional.of(resources("apps/v1"));
            default -> Optional.empty();
        };
    }

    private static JsonObject parse(String json) {
        return JsonParser.parseString(json).getAsJsonObject();
    }

    private static JsonObject resources(String apiVersion) {
        JsonObject list = new JsonObject();
        list.addProperty("kind", "APIResourceList");
        list.addProperty("apiVersion", "v1");
        list.addProperty("groupVersion", apiVersion);
        JsonArray resources = new JsonArray();
        for (KubeKind kind : KubeKind.values()) {
            if (kind.apiVersion().equals(apiVersion)) {
                JsonObject resource = new JsonObject();
                resource.addProperty("name", kind.plural());
                resource.addProperty("singularName", "");
                resource.addProperty("namespaced", kind.namespaced());
                resource.addProperty("kind", kind.kind());
                resource.add(
                        "verbs",
                        parse("{\"v\":[\"get\",\"list\",\"watch\",\"patch\",\"create\"]}")
                                .get("v"));
                resources.add(resource);
            }
        }
        list.add("resources", resources);
        return list;
    }
}
