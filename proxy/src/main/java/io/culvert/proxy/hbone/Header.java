package io.culvert.proxy.hbone;

/** One header field; the name in lower case. */
public record Header(String name, String value) {}
