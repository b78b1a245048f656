package io.culvert.agent.cni;

import io.culvert.agent.enrol.AddRequest;
import io.culvert.agent.enrol.Admission;
import io.culvert.agent.pod.PodRef;
import java.util.HashMap;
import java.util.Map;

/**
 * Answers requests on the event socket.
 *
 * <p>{@code /cmdadd} is Istio's own plugin, which asks only about pods that it found eligible
 * [istio cni/pkg/nodeagent/cni-watcher.go]: 200 with an empty body, 400 for a body that cannot be read, 500 with a text
 * otherwise. {@code /cni} is our relay, which asks about every pod: 200 with the CNI result to print, another status
 * with the error object.
 */
final class EventHandler {
    private final PodAdmission admission;

    EventHandler(PodAdmission admission) {
        this.admission = admission;
    }

    HttpAnswer answer(HttpRequest request) {
        return switch (request.path()) {
            case "/cmdadd" -> cmdAdd(request);
            case "/cni" -> relay(request);
            default -> HttpAnswer.text(404, "404 page not found\n");
        };
    }

    private HttpAnswer cmdAdd(HttpRequest request) {
        if (request.body().length == 0) {
            return HttpAnswer.text(400, "the request has no body\n");
        }
        AddRequest add;
        try {
            add = CmdAddJson.parse(request.body());
        } catch (IllegalArgumentException e) {
            return HttpAnswer.text(400, e.getMessage() + "\n");
        }
        return switch (admission.admit(add, false)) {
            case Admission.Enrolled() -> HttpAnswer.text(200, "");
            case Admission.NotEligible(var verdict) ->
                HttpAnswer.text(500, "pod " + add.pod() + " is unexpectedly not eligible: " + verdict.reason() + "\n");
            case Admission.Failed(String reason) -> HttpAnswer.text(500, reason + "\n");
        };
    }

    private HttpAnswer relay(HttpRequest request) {
        NetworkConfig config;
        try {
            config = NetworkConfig.parse(request.body());
        } catch (IllegalArgumentException e) {
            return error(
                    400,
                    "1.0.0",
                    CniError.DECODING_FAILED,
                    "the network configuration cannot be read",
                    String.valueOf(e.getMessage()));
        }
        String command = request.header("x-cni-command");
        if (!command.equals("ADD")) {
            return error(
                    400,
                    config.cniVersion(),
                    CniError.INVALID_ENVIRONMENT,
                    "the agent answers ADD only",
                    "not " + command);
        }
        Map<String, String> arguments = arguments(request.header("x-cni-args"));
        PodRef pod =
                new PodRef(arguments.getOrDefault("K8S_POD_NAMESPACE", ""), arguments.getOrDefault("K8S_POD_NAME", ""));
        if (pod.name().isEmpty() || pod.namespace().isEmpty()) {
            return HttpAnswer.json(200, config.answer());
        }
        AddRequest add = new AddRequest(
                pod, arguments.getOrDefault("K8S_POD_UID", ""), request.header("x-cni-netns"), config.ips());
        return switch (admission.admit(add, true)) {
            case Admission.Enrolled(), Admission.NotEligible(var _) -> HttpAnswer.json(200, config.answer());
            case Admission.Failed(String reason) ->
                error(
                        500,
                        config.cniVersion(),
                        CniError.TRY_AGAIN_LATER,
                        "pod " + pod + " cannot join the mesh now",
                        reason);
        };
    }

    private static HttpAnswer error(int status, String version, int code, String message, String details) {
        return HttpAnswer.json(status, new CniError(code, message, details).json(version));
    }

    /** {@code KEY=value;KEY=value}; what has no equals sign is ignored, as IgnoreUnknown asks. */
    private static Map<String, String> arguments(String text) {
        Map<String, String> arguments = new HashMap<>();
        for (String pair : text.split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                arguments.put(pair.substring(0, equals), pair.substring(equals + 1));
            }
        }
        return arguments;
    }
}
