package io.culvert.testkit.controlplane;

import io.culvert.proto.ca.IstioCertificateServiceGrpc;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Lets in who bears a known token, and hands on who that is. The refusals are istiod's (istio: security/pkg/server/ca,
 * pilot/pkg/xds/auth.go).
 */
final class CallerCheck implements ServerInterceptor {
    static final Context.Key<ProxyAccount> CALLER = Context.key("caller");
    /** Request headers in lower case but for the token. */
    static final Context.Key<Map<String, String>> HEADERS = Context.key("headers");

    private static final String AUTHORIZATION = "authorization";
    private static final String BEARER = "Bearer ";

    private final ProxyTokens tokens;
    private final EventLog log;

    CallerCheck(ProxyTokens tokens, EventLog log) {
        this.tokens = tokens;
        this.log = log;
    }

    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
            ServerCall<Q, A> call, Metadata metadata, ServerCallHandler<Q, A> next) {
        Map<String, String> headers = headers(metadata);
        String authorization = headers.getOrDefault(AUTHORIZATION, "");
        headers.remove(AUTHORIZATION);
        Optional<ProxyAccount> caller = authorization.startsWith(BEARER)
                ? tokens.account(authorization.substring(BEARER.length()))
                : Optional.empty();
        if (caller.isEmpty()) {
            String method = call.getMethodDescriptor().getFullMethodName();
            log.append(new ControlPlaneEvent.CallerRefused(method, headers));
            call.close(Status.UNAUTHENTICATED.withDescription(refusal(method)), new Metadata());
            return new ServerCall.Listener<>() {};
        }
        Context context = Context.current().withValues(CALLER, caller.get(), HEADERS, headers);
        return Contexts.interceptCall(context, call, metadata, next);
    }

    private static String refusal(String method) {
        return method.startsWith(IstioCertificateServiceGrpc.SERVICE_NAME)
                ? "request authenticate failure"
                : "authentication failure";
    }

    private static Map<String, String> headers(Metadata metadata) {
        Map<String, String> headers = new TreeMap<>();
        for (String name : metadata.keys()) {
            if (!name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
                String value = metadata.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
                headers.put(name.toLowerCase(Locale.ROOT), value == null ? "" : value);
            }
        }
        return headers;
    }
}
