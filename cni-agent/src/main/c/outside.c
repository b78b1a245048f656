#include "outside.h"

enum {
    /* Ten thousand namespaces, and their names have 63 bytes at most. */
    CONTENT_MAX = 640 << 10,
    BOOT_MAX = 64,
};

static int line(text content, size_t *at, text *found) {
    for (size_t i = *at; i < content.length; i++) {
        if (content.at[i] == '\n') {
            *found = (text){content.at + *at, i - *at};
            *at = i + 1;
            return 1;
        }
    }
    return 0;
}

static int word_and_value(text content, size_t *at, const char *word, text *value) {
    text start = text_of(word);
    if (!line(content, at, value) || !text_starts(*value, start)) {
        return 0;
    }
    *value = (text){value->at + start.length, value->length - start.length};
    return 1;
}

/* Fifteen digits of seconds are thirty million years. */
static int number(text value, size_t *result) {
    *result = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.at[i] < '0' || value.at[i] > '9') {
            return 0;
        }
        *result = *result * 10 + (size_t)(value.at[i] - '0');
    }
    return value.length > 0 && value.length <= 15;
}

int outside_says(text content, text boot, size_t now, text namespace) {
    size_t at = 0;
    text value;
    size_t valid_until = 0;
    if (!line(content, &at, &value) || !text_equals(value, text_of("culvert-outside-namespaces 1")) ||
        !word_and_value(content, &at, "boot ", &value) || boot.length == 0 || !text_equals(value, boot) ||
        !word_and_value(content, &at, "until ", &value) || !number(value, &valid_until) || now >= valid_until) {
        return 0;
    }
    int found = 0;
    while (line(content, &at, &value)) {
        if (text_equals(value, text_of("end"))) {
            return found && at == content.length;
        }
        found |= namespace.length > 0 && text_equals(value, namespace);
    }
    return 0;
}

static int read_file(const char *path, buffer *to, deadline until) {
    int fd = sys_open(path, O_RDONLY, 0);
    if (fd < 0) {
        return fd;
    }
    int result = read_all(fd, to, until);
    sys_close(fd);
    return result;
}

int outside_for_certain(text path, text namespace, deadline until) {
    static char content_memory[CONTENT_MAX];
    static char boot_memory[BOOT_MAX];
    buffer content = {content_memory, 0, CONTENT_MAX, 0};
    buffer boot = {boot_memory, 0, BOOT_MAX, 0};
    if (read_file(path.at, &content, until) < 0 ||
        read_file("/proc/sys/kernel/random/boot_id", &boot, until) < 0) {
        return 0;
    }
    size_t at = 0;
    text boot_id = {0, 0};
    (void)line((text){boot.at, boot.length}, &at, &boot_id);
    struct __kernel_timespec now;
    sys_clock(CLOCK_BOOTTIME, &now);
    return outside_says((text){content.at, content.length}, boot_id, (size_t)now.tv_sec, namespace);
}
