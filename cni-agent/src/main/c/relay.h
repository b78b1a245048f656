/* One request to the agent's event socket and its answer, HTTP/1.1 over a Unix stream socket, within a deadline. */
#ifndef CULVERT_RELAY_H
#define CULVERT_RELAY_H

#include "text.h"

/* All that may wait, waits for what is left of one deadline. */
typedef struct {
    struct __kernel_timespec until;
} deadline;

deadline deadline_in(long seconds);

/* Reads to the end. 0, or a negative errno: EFBIG where it does not fit, ETIMEDOUT where it does not end in time. */
int read_all(int fd, buffer *to, deadline until);
int write_all(int fd, text what, int is_socket, deadline until);

typedef struct {
    /* NULL where the agent answered; else what failed, and the errno if there is one. */
    const char *failure;
    int error;
    /* Nobody listens: no socket, or one that nobody serves. Not set for an agent that is slow. */
    int agent_is_away;
    int status;
    text body;
} answer;

/* The answer's text lies in `memory`. */
answer ask_agent(text socket_path, text head, text body, buffer memory, deadline until);

#endif
