package io.culvert.proxy.admin;

/**
 * Answers the requests of one server. On that server's event loop; may take its time, since nothing else runs there.
 */
@FunctionalInterface
interface HttpEndpoint {
    HttpAnswer answer(HttpQuestion question);
}
