package io.culvert.proxy.admin;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;

/**
 * A request, as far as anybody here looks at it. Bodies are not read.
 *
 * @param accept the Accept header, or empty
 * @param acceptEncoding likewise
 */
record HttpQuestion(String method, String path, Map<String, List<String>> query, String accept, String acceptEncoding) {

    static HttpQuestion of(String method, String uri, String accept, String acceptEncoding) {
        QueryStringDecoder decoded = new QueryStringDecoder(uri);
        return new HttpQuestion(method, decoded.path(), decoded.parameters(), accept, acceptEncoding);
    }

    boolean isPost() {
        return method.equals("POST");
    }
}
