#include "relay.h"

deadline deadline_in(long seconds) {
    deadline result;
    sys_clock(CLOCK_MONOTONIC, &result.until);
    result.until.tv_sec += seconds;
    return result;
}

/* 0 where nothing is left. */
static int time_left(deadline until, struct __kernel_timespec *left) {
    struct __kernel_timespec now;
    sys_clock(CLOCK_MONOTONIC, &now);
    left->tv_sec = until.until.tv_sec - now.tv_sec;
    left->tv_nsec = until.until.tv_nsec - now.tv_nsec;
    if (left->tv_nsec < 0) {
        left->tv_sec--;
        left->tv_nsec += 1000000000;
    }
    return left->tv_sec >= 0;
}

static int wait_for(int fd, short events, deadline until) {
    struct __kernel_timespec left;
    for (;;) {
        if (!time_left(until, &left)) {
            return -ETIMEDOUT;
        }
        struct pollfd watched = {fd, events, 0};
        int ready = sys_poll(&watched, &left);
        if (ready > 0) {
            return 0;
        }
        if (ready < 0 && ready != -EINTR) {
            return ready;
        }
    }
}

int read_all(int fd, buffer *to, deadline until) {
    for (;;) {
        int waited = wait_for(fd, POLLIN, until);
        if (waited < 0) {
            return waited;
        }
        if (to->length == to->capacity) {
            char beyond;
            ssize_t more = sys_read(fd, &beyond, 1);
            if (more == -EINTR || more == -EAGAIN) {
                continue;
            }
            return more == 0 ? 0 : more < 0 ? (int)more : -EFBIG;
        }
        ssize_t count = sys_read(fd, to->at + to->length, to->capacity - to->length);
        if (count == 0) {
            return 0;
        }
        if (count > 0) {
            to->length += (size_t)count;
        } else if (count != -EINTR && count != -EAGAIN) {
            return (int)count;
        }
    }
}

int write_all(int fd, text what, int is_socket, deadline until) {
    while (what.length > 0) {
        int waited = wait_for(fd, POLLOUT, until);
        if (waited < 0) {
            return waited;
        }
        ssize_t count = is_socket ? sys_send(fd, what.at, what.length, MSG_NOSIGNAL)
                                  : sys_write(fd, what.at, what.length);
        if (count > 0) {
            what.at += count;
            what.length -= (size_t)count;
        } else if (count != -EINTR && count != -EAGAIN) {
            return (int)count;
        }
    }
    return 0;
}

static answer failed(const char *what, int error) { return (answer){what, error, 0, 0, {0, 0}}; }

/* An agent that does not accept leaves its queue full, and then a Unix socket says EAGAIN and cannot be waited for. */
static int connect_to(int fd, text path, deadline until) {
    struct unix_address address = {AF_UNIX, {0}};
    for (size_t i = 0; i < path.length; i++) {
        address.path[i] = path.at[i];
    }
    for (;;) {
        int done = sys_connect(fd, &address, sizeof address.family + path.length + 1);
        struct __kernel_timespec left;
        if (done != -EAGAIN) {
            return done;
        }
        if (!time_left(until, &left)) {
            return -ETIMEDOUT;
        }
        struct __kernel_timespec pause = {0, 10 * 1000000};
        (void)sys_poll(0, &pause);
    }
}

static int lower(char byte) { return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte; }

static int digits(text from, size_t *number) {
    *number = 0;
    if (from.length == 0 || from.length > 9) {
        return 0;
    }
    for (size_t i = 0; i < from.length; i++) {
        if (from.at[i] < '0' || from.at[i] > '9') {
            return 0;
        }
        *number = *number * 10 + (size_t)(from.at[i] - '0');
    }
    return 1;
}

/* The line at *at, without its CR LF; moves *at behind it. 0 where no line ends there. */
static int next_line(text from, size_t *at, text *line) {
    for (size_t i = *at; i + 1 < from.length; i++) {
        if (from.at[i] == '\r' && from.at[i + 1] == '\n') {
            *line = (text){from.at + *at, i - *at};
            *at = i + 2;
            return 1;
        }
    }
    return 0;
}

/* The value of this header where the line is one. `name` in lower case, with its colon. */
static int header(text line, text name, text *value) {
    if (line.length < name.length) {
        return 0;
    }
    for (size_t i = 0; i < name.length; i++) {
        if (lower(line.at[i]) != name.at[i]) {
            return 0;
        }
    }
    size_t start = name.length;
    while (start < line.length && line.at[start] == ' ') {
        start++;
    }
    *value = (text){line.at + start, line.length - start};
    return 1;
}

static answer parse(text response) {
    size_t at = 0;
    text line;
    size_t status = 0;
    text version = text_of("HTTP/1.1 ");
    if (!next_line(response, &at, &line) || line.length < version.length + 3 || !text_starts(line, version) ||
        !digits((text){line.at + version.length, 3}, &status)) {
        return failed("the agent's answer is not HTTP, or it ended early", 0);
    }
    int sized = 0;
    size_t size = 0;
    for (;;) {
        if (!next_line(response, &at, &line)) {
            return failed("the agent's answer ended early", 0);
        }
        if (line.length == 0) {
            break;
        }
        text value;
        if (header(line, text_of("content-length:"), &value)) {
            sized = digits(value, &size);
        }
    }
    if (!sized || size != response.length - at) {
        return failed("the agent's answer ended early", 0);
    }
    return (answer){0, 0, 0, (int)status, {response.at + at, size}};
}

answer ask_agent(text socket_path, text head, text body, buffer memory, deadline until) {
    if (socket_path.length >= UNIX_PATH_MAX) {
        return failed("the path of the agent's socket is longer than 107 bytes; shorten cni_agent_run_dir", 0);
    }
    int fd = sys_unix_socket();
    if (fd < 0) {
        return failed("socket", -fd);
    }
    int done = connect_to(fd, socket_path, until);
    if (done < 0) {
        sys_close(fd);
        answer nobody = failed("the node agent is not there (connect)", -done);
        nobody.agent_is_away = done == -ENOENT || done == -ECONNREFUSED;
        return nobody;
    }
    done = write_all(fd, head, 1, until);
    if (done == 0) {
        done = write_all(fd, body, 1, until);
    }
    /* An agent that refuses early closes its reading side: what it wrote is worth more than our broken pipe. */
    int read = read_all(fd, &memory, until);
    sys_close(fd);
    if (read < 0) {
        return failed(read == -ETIMEDOUT ? "the node agent did not answer in time" : "reading the agent's answer", -read);
    }
    answer result = parse((text){memory.at, memory.length});
    if (result.failure && done < 0) {
        return failed("writing to the node agent", -done);
    }
    return result;
}
