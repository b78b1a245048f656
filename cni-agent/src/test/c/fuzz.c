/*
 * Feeds the plugin's readers (the network configuration, the agent's answer, the agent's file) with broken input under the address
 * and undefined-behaviour sanitizers: fuzz SEED ROUNDS. Each input lies in memory of exactly its length. What is checked besides:
 * a reader that accepts gives parts of its input and nothing else.
 */
#define memcpy plugin_memcpy
#define memset plugin_memset
#include "../../main/c/text.c"
#include "../../main/c/json.c"
#include "../../main/c/relay.c"
#include "../../main/c/outside.c"
#undef memcpy
#undef memset

void *malloc(size_t);
void free(void *);
int printf(const char *, ...);
unsigned long strtoul(const char *, char **, int);
_Noreturn void abort(void);

static unsigned long state;

static unsigned long draw(unsigned long below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

static const char *const seeds[] = {
    "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"istio-cni\",\"prevResult\":{\"ips\":[{\"address\":\"10.0.0.1/24\"}]},"
    "\"exclude_namespaces\":[\"kube-system\",\"a\\u00e9\"],\"n\":-1.5e+10,\"t\":[true,false,null,{}]}",
    "{\"a\":[[[[[[[[[[1]]]]]]]]]],\"b\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 500 Internal Server Error\r\ncontent-length:   13\r\nConnection: close\r\n\r\nit went wrong",
    "culvert-outside-namespaces 1\nboot 0b1c\nuntil 100\ndefault\nplain\nend\n",
    "{}",
    "",
};
enum { SEEDS = sizeof seeds / sizeof *seeds, LENGTH_MAX = 4096 };

static const char interesting[] = "{}[]\",:\\0123456789eE+-.tfnu \r\n\t\x80\xff";

static size_t mutated(char *into) {
    text seed = text_of(seeds[draw(SEEDS)]);
    size_t length = seed.length;
    for (size_t i = 0; i < length; i++) {
        into[i] = seed.at[i];
    }
    for (unsigned long changes = draw(6); changes > 0; changes--) {
        size_t at = draw(length + 1);
        switch (draw(5)) {
        case 0:
            length = at;
            break;
        case 1:
            if (at < length) {
                into[at] = interesting[draw(sizeof interesting)];
            }
            break;
        case 2:
            if (at < length) {
                into[at] = (char)draw(256);
            }
            break;
        case 3:
            for (size_t more = draw(200); more > 0 && length < LENGTH_MAX; more--) {
                into[length] = length ? into[draw(length)] : '{';
                length++;
            }
            break;
        default:
            for (size_t deep = draw(100); deep > 0 && length < LENGTH_MAX; deep--) {
                into[length++] = "[{\"a\":"[draw(6)];
            }
        }
    }
    return length;
}

static void within(text part, text whole) {
    if (part.length > 0 && (part.at < whole.at || part.at + part.length > whole.at + whole.length)) {
        abort();
    }
}

static unsigned long read_as_everything(text input) {
    json_member members[] = {{"cniVersion", {0, 0}}, {"prevResult", {0, 0}}, {"exclude_namespaces", {0, 0}}, {"a", {0, 0}}};
    unsigned long accepted = 0;
    if (!json_scan_object(input, members, sizeof members / sizeof *members)) {
        accepted |= 1;
        for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
            text inside = {0, 0};
            within(members[i].value, input);
            if (json_plain_string(members[i].value, &inside)) {
                within(inside, input);
            }
            (void)json_array_holds(members[i].value, text_of("kube-system"));
        }
    }
    answer said = parse(input);
    if (!said.failure) {
        accepted |= 2;
        within(said.body, input);
    }
    return accepted | (outside_says(input, text_of("0b1c"), 99, text_of("plain")) ? 4 : 0);
}

int main(int count, char **arguments) {
    static char scratch[LENGTH_MAX + 512];
    unsigned long accepted[8] = {0};
    if (count != 3) {
        return 2;
    }
    state = strtoul(arguments[1], 0, 10) * 2 + 1;
    for (unsigned long rounds = strtoul(arguments[2], 0, 10); rounds > 0; rounds--) {
        size_t length = mutated(scratch);
        char *exact = malloc(length ? length : 1);
        for (size_t i = 0; i < length; i++) {
            exact[i] = scratch[i];
        }
        accepted[read_as_everything((text){exact, length})]++;
        free(exact);
    }
    printf("accepted: %lu as JSON, %lu as HTTP, %lu as a file; refused: %lu\n", accepted[1], accepted[2], accepted[4],
           accepted[0]);
    return accepted[1] && accepted[2] && accepted[4] && accepted[0] ? 0 : 1;
}
