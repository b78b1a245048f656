/*
 * The kernel, spoken to directly: the plugin links no C library, so that it is one small file that runs on every host,
 * does no look-ups (no NSS, no locale, no dynamic loader) and starts in well under a millisecond.
 * Calls return the kernel's value: a negative errno on failure. x86_64 and aarch64.
 */
#ifndef CULVERT_SYS_H
#define CULVERT_SYS_H

#include <asm/unistd.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time_types.h>

typedef unsigned long size_t;
typedef long ssize_t;

enum { AF_UNIX = 1, SOCK_STREAM = 1, SOCK_NONBLOCK = 04000, SOCK_CLOEXEC = 02000000, MSG_NOSIGNAL = 0x4000 };
enum { POLLIN = 1, POLLOUT = 4 };
enum { CLOCK_REALTIME = 0, CLOCK_MONOTONIC = 1, CLOCK_BOOTTIME = 7 };
enum { ENOENT = 2, EINTR = 4, EAGAIN = 11, EFBIG = 27, ETIMEDOUT = 110, ECONNREFUSED = 111 };

struct pollfd {
    int fd;
    short events;
    short revents;
};

/* Linux: sockaddr_un. */
enum { UNIX_PATH_MAX = 108 };
struct unix_address {
    unsigned short family;
    char path[UNIX_PATH_MAX];
};

#if defined(__x86_64__)
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#elif defined(__aarch64__)
static inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return x0;
}
#else
#error "culvert-cni knows x86_64 and aarch64"
#endif

static inline ssize_t sys_read(int fd, void *to, size_t size) {
    return syscall6(__NR_read, fd, (long)to, (long)size, 0, 0, 0);
}

static inline ssize_t sys_write(int fd, const void *from, size_t size) {
    return syscall6(__NR_write, fd, (long)from, (long)size, 0, 0, 0);
}

static inline int sys_close(int fd) { return (int)syscall6(__NR_close, fd, 0, 0, 0, 0, 0); }

static inline int sys_unix_socket(void) {
    return (int)syscall6(__NR_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0, 0, 0);
}

static inline int sys_connect(int fd, const struct unix_address *to, size_t size) {
    return (int)syscall6(__NR_connect, fd, (long)to, (long)size, 0, 0, 0);
}

/* A peer that went away is an errno here, not a signal. */
static inline ssize_t sys_send(int fd, const void *from, size_t size, int flags) {
    return syscall6(__NR_sendto, fd, (long)from, (long)size, flags, 0, 0);
}

/* Without anything to watch it only waits. */
static inline int sys_poll(struct pollfd *watched, const struct __kernel_timespec *wait) {
    return (int)syscall6(__NR_ppoll, (long)watched, watched != 0, (long)wait, 0, 0, 0);
}

static inline void sys_clock(int clock, struct __kernel_timespec *now) {
    (void)syscall6(__NR_clock_gettime, clock, (long)now, 0, 0, 0, 0);
}

/* Never follows a symbolic link at the end of the path, never waits, never becomes a terminal. */
static inline int sys_open(const char *path, int flags, int mode) {
    return (int)syscall6(__NR_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode,
                         0, 0);
}

static inline int sys_rename(const char *from, const char *to) {
    return (int)syscall6(__NR_renameat2, AT_FDCWD, (long)from, AT_FDCWD, (long)to, 0, 0);
}

/* Follows symbolic links. */
static inline int sys_statx(const char *path, struct statx *facts) {
    return (int)syscall6(__NR_statx, AT_FDCWD, (long)path, 0, STATX_INO | STATX_SIZE, (long)facts, 0);
}

__attribute__((noreturn)) static inline void sys_exit(int status) {
    for (;;) {
        (void)syscall6(__NR_exit_group, status, 0, 0, 0, 0, 0);
    }
}

#endif
