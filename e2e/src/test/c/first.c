/*
 * The first process of a pod, which does what an impatient application does: it connects before anybody had time for anything.
 *   first pause                 does nothing
 *   first serve PORT            answers on every connection what it reads
 *   first talk IP PORT TEXT     sends TEXT at once, and again on new connections until it came back; then says "answered"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static void serve_one(int connection) {
    char bytes[4096];
    ssize_t count = read(connection, bytes, sizeof bytes);
    if (count > 0 && write(connection, bytes, (size_t)count) < 0) {
        perror("write");
    }
    close(connection);
}

static int serve(const char *port) {
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 128) < 0) {
        perror("listen");
        return 1;
    }
    puts("serving");
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection >= 0) {
            serve_one(connection);
        }
    }
}

static int came_back(const char *ip, const char *port, const char *text) {
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    struct timeval patience = {5, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port))};
    inet_pton(AF_INET, ip, &there.sin_addr);
    char bytes[4096];
    int same = 0;
    if (connect(connection, (struct sockaddr *)&there, sizeof there) < 0) {
        printf("connect: %s\n", strerror(errno));
    } else if (write(connection, text, strlen(text)) < 0) {
        printf("write: %s\n", strerror(errno));
    } else {
        ssize_t count = read(connection, bytes, sizeof bytes);
        same = count == (ssize_t)strlen(text) && memcmp(bytes, text, (size_t)count) == 0;
        if (!same) {
            printf("read: %zd, %s\n", count, count < 0 ? strerror(errno) : "the connection ended");
        }
    }
    close(connection);
    return same;
}

int main(int count, char **arguments) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (count == 3 && strcmp(arguments[1], "serve") == 0) {
        return serve(arguments[2]);
    }
    if (count == 5 && strcmp(arguments[1], "talk") == 0) {
        while (!came_back(arguments[2], arguments[3], arguments[4])) {
            usleep(100000);
        }
        puts("answered");
    }
    for (;;) {
        pause();
    }
}
