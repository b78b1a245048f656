/*
 * The CNI plugin that a container runtime executes for every pod: it relays the call to the node agent and prints the agent's
 * answer. It decides itself only what must not depend on the agent: VERSION; the commands for which there is nothing to do; pods
 * that are no Kubernetes pods, or in excluded namespaces; and the agent's own pods, which could never start if they waited for
 * themselves. While nobody listens, pods of namespaces that the agent has written down as outside the mesh for certain start as well
 * (outside.h). Every other ADD fails, and the runtime tries again: no pod starts unprotected.
 *
 * CNI specification 1.1.0; order of decisions as istio cni/pkg/plugin/plugin.go doCmdRun. Exit status 0 and a result on standard
 * output, or 1 and an error object, which the log of the agent's directory has as well. No allocation: buffers with fixed bounds.
 */
#include "json.h"
#include "log.h"
#include "outside.h"
#include "relay.h"

enum {
    /* The original's client gives up after 5 s; one more leaves room for the agent's own words about its 5 s. */
    SECONDS_MAX = 6,
    SECONDS_TO_PRINT = 1,
    INPUT_MAX = 1 << 20,
    ANSWER_MAX = INPUT_MAX + (64 << 10),
    HEAD_MAX = 64 << 10,
    VARIABLE_MAX = 8 << 10,
    PATH_MAX = 256,
};

/* CNI specification, "Error", and the skeleton library's own. */
enum {
    CODE_VERSION = 1,
    CODE_ENVIRONMENT = 4,
    CODE_IO = 5,
    CODE_DECODE = 6,
    CODE_CONFIGURATION = 7,
    CODE_TRY_AGAIN = 11,
    CODE_INTERNAL = 999,
};

static char input_memory[INPUT_MAX];
static char answer_memory[ANSWER_MAX];
static char head_memory[HEAD_MAX];

static const char *const versions[] = {"0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0"};
enum { VERSIONS = sizeof versions / sizeof *versions, VERSION_0_4_0 = 4, VERSION_1_1_0 = 6 };

typedef struct {
    char *const *environment;
    deadline until;
    /* The configuration's version once it is known, for error objects. */
    text version;
    /* The agent's directory once it is known; before, failures are told to the runtime alone. */
    text run_dir;
} call;

typedef struct {
    text document;
    text version;
    text name;
    text run_dir;
    text pod_namespace;
    text exclude_namespaces;
    text previous;
} configuration;

static text variable(const call *c, const char *name) {
    text wanted = text_of(name);
    for (char *const *entry = c->environment; *entry; entry++) {
        text whole = text_of(*entry);
        if (text_starts(whole, wanted) && whole.length > wanted.length && whole.at[wanted.length] == '=') {
            return (text){whole.at + wanted.length + 1, whole.length - wanted.length - 1};
        }
    }
    return (text){"", 0};
}

/* Has a time of its own: that the agent's was used up is what most needs to be said. */
static void print(text what) {
    if (write_all(1, what, 0, deadline_in(SECONDS_TO_PRINT)) < 0) {
        sys_exit(1);
    }
}

/* A file of the agent's directory, with a zero byte behind it; empty where the path is too long. */
static text in_run_dir(const call *c, const char *name, char *memory) {
    buffer path = {memory, 0, PATH_MAX - 1, 0};
    put_text(&path, c->run_dir);
    put(&path, name);
    memory[path.overflow ? 0 : path.length] = '\0';
    return (text){memory, path.overflow ? 0 : path.length};
}

static void note(const call *c, const char *level, text message, text details) {
    static char memory[PATH_MAX];
    text path = in_run_dir(c, "/istio-cni.log", memory);
    if (c->run_dir.length > 0 && path.length > 0) {
        log_line(path, level, message, details, variable(c, "CNI_ARGS"));
    }
}

__attribute__((noreturn)) static void fail(const call *c, int code, const char *message, text details, int error) {
    static char memory[4096];
    buffer out = {memory, 0, sizeof memory, 0};
    put(&out, "{\"cniVersion\":\"");
    put_json_escaped(&out, c->version.length ? c->version : text_of("1.0.0"));
    put(&out, "\",\"code\":");
    put_number(&out, (size_t)code);
    put(&out, ",\"msg\":\"culvert-cni: ");
    put_json_escaped(&out, text_of(message));
    put(&out, "\",\"details\":\"");
    details.length = details.length > 1024 ? 1024 : details.length;
    put_json_escaped(&out, details);
    if (error) {
        put(&out, details.length ? ", errno " : "errno ");
        put_number(&out, (size_t)error);
    }
    put(&out, "\"}\n");
    print((text){out.at, out.length});
    note(c, "error", text_of(message), details);
    sys_exit(1);
}

/* -1 where we do not know it. */
static int version_index(text version) {
    for (int i = 0; i < VERSIONS; i++) {
        if (text_equals(version, text_of(versions[i]))) {
            return i;
        }
    }
    return -1;
}

static int name_is_valid(text name) {
    for (size_t i = 0; i < name.length; i++) {
        char b = name.at[i];
        int word = (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
        if (!word && (i == 0 || (b != '_' && b != '.' && b != '-'))) {
            return 0;
        }
    }
    return name.length > 0;
}

static text plain(const call *c, text value, const char *fallback, const char *name) {
    text inside;
    if (value.length == 0) {
        return text_of(fallback);
    }
    if (!json_plain_string(value, &inside)) {
        fail(c, CODE_CONFIGURATION, "this member of the network configuration must be a string without escapes",
             text_of(name), 0);
    }
    return inside;
}

static configuration read_configuration(call *c) {
    buffer input = {input_memory, 0, INPUT_MAX, 0};
    int error = read_all(0, &input, c->until);
    if (error == -EFBIG) {
        fail(c, CODE_DECODE, "the network configuration on standard input is longer than 1 MiB", text_of(""), 0);
    }
    if (error < 0) {
        fail(c, CODE_IO, "reading the network configuration from standard input", text_of(""), -error);
    }
    json_member members[] = {
        {"cniVersion", {0, 0}},    {"name", {0, 0}},
        {"prevResult", {0, 0}},    {"cni_agent_run_dir", {0, 0}},
        {"pod_namespace", {0, 0}}, {"exclude_namespaces", {0, 0}},
    };
    text document = {input.at, input.length};
    const char *wrong = json_scan_object(document, members, sizeof members / sizeof *members);
    if (wrong) {
        fail(c, CODE_DECODE, "the network configuration on standard input is not valid JSON", text_of(wrong), 0);
    }
    c->version = plain(c, members[0].value, "0.1.0", "cniVersion");
    if (c->version.length == 0) {
        c->version = text_of("0.1.0");
    }
    configuration result = {
        .document = document,
        .version = c->version,
        .name = plain(c, members[1].value, "", "name"),
        .run_dir = plain(c, members[3].value, "/var/run/istio-cni", "cni_agent_run_dir"),
        .pod_namespace = plain(c, members[4].value, "", "pod_namespace"),
        .exclude_namespaces = members[5].value,
        .previous = members[2].value,
    };
    c->run_dir = result.run_dir;
    if (version_index(result.version) < 0) {
        fail(c, CODE_VERSION, "the configuration's cniVersion is not supported (0.1.0 to 1.1.0 are)", result.version, 0);
    }
    if (!name_is_valid(result.name)) {
        fail(c, CODE_CONFIGURATION, "the network configuration needs a valid name", result.name, 0);
    }
    return result;
}

/* The result of a call that changes nothing: what the plugins before us said, byte for byte. */
static int pass_on(const configuration *conf) {
    if (conf->previous.length && !text_equals(conf->previous, text_of("null"))) {
        print(conf->previous);
    } else {
        print(text_of("{\"cniVersion\":\""));
        print(conf->version);
        print(text_of("\"}"));
    }
    print(text_of("\n"));
    return 0;
}

/* CNI_ARGS is "KEY=value;KEY=value". */
static text argument(text args, const char *key) {
    text wanted = text_of(key);
    size_t start = 0;
    for (size_t i = 0; i <= args.length; i++) {
        if (i < args.length && args.at[i] != ';') {
            continue;
        }
        text pair = {args.at + start, i - start};
        if (text_starts(pair, wanted) && pair.length > wanted.length && pair.at[wanted.length] == '=') {
            return (text){pair.at + wanted.length + 1, pair.length - wanted.length - 1};
        }
        start = i + 1;
    }
    return (text){"", 0};
}

/* Relayed as HTTP header lines, so a line break in a value must never pass. */
static void put_variable(const call *c, buffer *to, const char *header, const char *name) {
    text value = variable(c, name);
    if (value.length > VARIABLE_MAX) {
        fail(c, CODE_ENVIRONMENT, "this variable is longer than 8 KiB", text_of(name), 0);
    }
    for (size_t i = 0; i < value.length; i++) {
        if ((unsigned char)value.at[i] < ' ' || value.at[i] == 127) {
            fail(c, CODE_ENVIRONMENT, "this variable holds a control character", text_of(name), 0);
        }
    }
    put(to, header);
    put_text(to, value);
    put(to, "\r\n");
}

static int is_own_namespace(text path) {
    static char zero_ended[VARIABLE_MAX + 1];
    struct statx theirs;
    struct statx ours;
    for (size_t i = 0; i < path.length; i++) {
        zero_ended[i] = path.at[i];
    }
    return sys_statx(zero_ended, &theirs) == 0 && sys_statx("/proc/self/ns/net", &ours) == 0 &&
           theirs.stx_ino == ours.stx_ino && theirs.stx_dev_major == ours.stx_dev_major &&
           theirs.stx_dev_minor == ours.stx_dev_minor;
}

static int relay_add(const call *c, const configuration *conf, text namespace) {
    static char path_memory[PATH_MAX];
    static char outside_memory[PATH_MAX];
    text path = in_run_dir(c, "/pluginevent.sock", path_memory);
    buffer head = {head_memory, 0, HEAD_MAX, 0};
    put(&head, "POST /cni HTTP/1.1\r\nHost: unix\r\nConnection: close\r\nContent-Type: application/json\r\n");
    put_variable(c, &head, "X-Cni-Command: ", "CNI_COMMAND");
    put_variable(c, &head, "X-Cni-Containerid: ", "CNI_CONTAINERID");
    put_variable(c, &head, "X-Cni-Netns: ", "CNI_NETNS");
    put_variable(c, &head, "X-Cni-Ifname: ", "CNI_IFNAME");
    put_variable(c, &head, "X-Cni-Args: ", "CNI_ARGS");
    put(&head, "Content-Length: ");
    put_number(&head, conf->document.length);
    put(&head, "\r\n\r\n");
    if (path.length == 0 || head.overflow) {
        fail(c, CODE_CONFIGURATION, "cni_agent_run_dir or the CNI variables are too long", conf->run_dir, 0);
    }
    buffer memory = {answer_memory, 0, ANSWER_MAX, 0};
    answer said = ask_agent(path, (text){head.at, head.length}, conf->document, memory, c->until);
    if (said.agent_is_away &&
        outside_for_certain(in_run_dir(c, "/outside-namespaces", outside_memory), namespace, c->until)) {
        note(c, "info", text_of("the agent is away; the pod starts, its namespace is outside the mesh for certain"),
             namespace);
        return pass_on(conf);
    }
    if (said.failure) {
        fail(c, CODE_TRY_AGAIN, said.failure, path, said.error);
    }
    json_member none[1] = {{"", {0, 0}}};
    if (json_scan_object(said.body, none, 0)) {
        fail(c, CODE_INTERNAL, "the node agent refused", said.body, 0);
    }
    print(said.body);
    if (said.status != 200) {
        note(c, "error", text_of("the node agent refused"), said.body);
        return 1;
    }
    return 0;
}

static int add(const call *c, const configuration *conf) {
    text netns = variable(c, "CNI_NETNS");
    if (variable(c, "CNI_CONTAINERID").length == 0 || netns.length == 0 || variable(c, "CNI_IFNAME").length == 0) {
        fail(c, CODE_ENVIRONMENT, "ADD needs these variables", text_of("CNI_CONTAINERID, CNI_NETNS, CNI_IFNAME"), 0);
    }
    if (netns.length > VARIABLE_MAX) {
        fail(c, CODE_ENVIRONMENT, "this variable is longer than 8 KiB", text_of("CNI_NETNS"), 0);
    }
    text args = variable(c, "CNI_ARGS");
    text name = argument(args, "K8S_POD_NAME");
    text namespace = argument(args, "K8S_POD_NAMESPACE");
    if (name.length == 0 || namespace.length == 0) {
        return pass_on(conf);
    }
    if (text_starts(name, text_of("istio-cni-node-")) && text_equals(namespace, conf->pod_namespace)) {
        return pass_on(conf);
    }
    if (json_array_holds(conf->exclude_namespaces, namespace)) {
        return pass_on(conf);
    }
    if (is_own_namespace(netns)) {
        fail(c, CODE_ENVIRONMENT, "CNI_NETNS is the plugin's own network namespace", netns, 0);
    }
    return relay_add(c, conf, namespace);
}

static int version(void) {
    print(text_of("{\"cniVersion\":\"1.1.0\",\"supportedVersions\":["));
    for (int i = 0; i < VERSIONS; i++) {
        print(text_of(i ? ",\"" : "\""));
        print(text_of(versions[i]));
        print(text_of("\""));
    }
    print(text_of("]}\n"));
    return 0;
}

static int nothing_to_do(call *c, int since, const char *refusal) {
    configuration conf = read_configuration(c);
    if (version_index(conf.version) < since) {
        fail(c, CODE_VERSION, refusal, conf.version, 0);
    }
    return 0;
}

static int run(call *c) {
    text command = variable(c, "CNI_COMMAND");
    if (command.length == 0) {
        text about = text_of("culvert-cni: a CNI plugin that hands pods to Culvert's node agent; CNI 0.1.0 to 1.1.0\n");
        return write_all(2, about, 0, c->until) < 0;
    }
    if (text_equals(command, text_of("VERSION"))) {
        return version();
    }
    if (text_equals(command, text_of("ADD"))) {
        configuration conf = read_configuration(c);
        return add(c, &conf);
    }
    /* Removal is driven by the API: a sandbox may be gone long before, or after, its pod. */
    if (text_equals(command, text_of("DEL"))) {
        return nothing_to_do(c, 0, "");
    }
    if (text_equals(command, text_of("CHECK"))) {
        return nothing_to_do(c, VERSION_0_4_0, "the configuration's cniVersion has no CHECK (0.4.0 has)");
    }
    if (text_equals(command, text_of("GC")) || text_equals(command, text_of("STATUS"))) {
        return nothing_to_do(c, VERSION_1_1_0, "the configuration's cniVersion has no GC or STATUS (1.1.0 has)");
    }
    fail(c, CODE_ENVIRONMENT, "unknown CNI_COMMAND", command, 0);
}

/* The guard of -fstack-protector: without a C library nobody else fills it. */
unsigned long __stack_chk_guard;
__attribute__((noreturn)) void __stack_chk_fail(void);
void __stack_chk_fail(void) { sys_exit(134); }

enum { AT_NULL = 0, AT_RANDOM = 25 };

__attribute__((noreturn, used, no_stack_protector)) static void start(long *stack) {
    char **environment = (char **)(stack + 1 + *stack + 1);
    char **end = environment;
    while (*end) {
        end++;
    }
    for (unsigned long *auxiliary = (unsigned long *)(end + 1); auxiliary[0] != AT_NULL; auxiliary += 2) {
        if (auxiliary[0] == AT_RANDOM) {
            /* The low byte stays zero, so that no string function reads past it. */
            __stack_chk_guard = *(unsigned long *)auxiliary[1] & ~0xffUL;
        }
    }
    call c = {environment, deadline_in(SECONDS_MAX), {0, 0}, {0, 0}};
    sys_exit(run(&c));
}

/* The kernel's entry: the stack pointer holds argc, argv, the environment and the auxiliary vector. */
#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#elif defined(__aarch64__)
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl start\n");
#endif
