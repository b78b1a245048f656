package io.culvert.agent.kube;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.kube.KubeKind;

/** Objects of the API, as its server would hold them. */
public final class KubeJson {
    public static final String NODE = "node-1";

    private KubeJson() {}

    /** A namespace; labels are the inside of a JSON object. */
    public static JsonObject namespace(String name, String labels) {
        return object(
                "'apiVersion':'v1','kind':'Namespace','metadata':{'name':'" + name + "','labels':{" + labels + "}}");
    }

    /** A pod of the node; its status is the inside of a JSON object. */
    public static JsonObject pod(String namespace, String name, String uid, String status) {
        return object("'apiVersion':'v1','kind':'Pod','metadata':{'namespace':'" + namespace + "','name':'" + name
                + "','uid':'" + uid + "'},'spec':{'nodeName':'" + NODE
                + "','serviceAccountName':'account','containers':[]},'status':{" + status + "}");
    }

    private static JsonObject object(String members) {
        return JsonParser.parseString("{" + members.replace('\'', '"') + "}").getAsJsonObject();
    }

    /** The redirection annotation of a pod; empty where there is none. */
    public static String annotation(KubeApi api, String namespace, String name) {
        return api.get(KubeKind.POD, namespace, name).map(KubeJson::annotation).orElse("");
    }

    private static String annotation(JsonObject pod) {
        JsonObject annotations = pod.getAsJsonObject("metadata").getAsJsonObject("annotations");
        return annotations == null || !annotations.has("ambient.istio.io/redirection")
                ? ""
                : annotations.get("ambient.istio.io/redirection").getAsString();
    }
}
