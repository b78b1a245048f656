package io.culvert.testkit.workload;

import java.util.List;

/**
 * What a name server answered.
 *
 * @param code the response code: 0 for no error, 3 for no such name
 * @param authoritative whether the server says so with authority of its own
 * @param truncated whether there is more than came
 * @param records of the answer section: "name type value", such as {@code web. A 10.0.0.1}
 */
public record DnsAnswer(int code, boolean authoritative, boolean truncated, List<String> records) {
    public DnsAnswer {
        records = List.copyOf(records);
    }
}
