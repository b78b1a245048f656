#include "log.h"

enum { SIZE_MAX = 10 << 20, LINE_MAX = 4096, PART_MAX = 1024, SECONDS_TO_WRITE = 1, PATH_MAX = 300 };

static void put_two(buffer *to, long value) {
    put_byte(to, (char)('0' + value / 10));
    put_byte(to, (char)('0' + value % 10));
}

/* RFC 3339 in UTC. Days to a date by Howard Hinnant's civil_from_days; holds from 1970 on. */
static void put_time(buffer *to) {
    struct __kernel_timespec now;
    sys_clock(CLOCK_REALTIME, &now);
    long days = now.tv_sec / 86400 + 719468;
    long second = now.tv_sec % 86400;
    long era = days / 146097;
    long day_of_era = days % 146097;
    long year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    long day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    long shifted_month = (5 * day_of_year + 2) / 153;
    long month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
    put_number(to, (size_t)(era * 400 + year_of_era + (month <= 2)));
    put(to, "-");
    put_two(to, month);
    put(to, "-");
    put_two(to, day_of_year - (153 * shifted_month + 2) / 5 + 1);
    put(to, "T");
    put_two(to, second / 3600);
    put(to, ":");
    put_two(to, second / 60 % 60);
    put(to, ":");
    put_two(to, second % 60);
    put(to, "Z");
}

static void put_member(buffer *to, const char *name, text value) {
    put(to, ",\"");
    put(to, name);
    put(to, "\":\"");
    value.length = value.length > PART_MAX ? PART_MAX : value.length;
    put_json_escaped(to, value);
    put(to, "\"");
}

static void rotate(text path) {
    static char memory[PATH_MAX];
    buffer old = {memory, 0, PATH_MAX - 1, 0};
    struct statx facts;
    if (sys_statx(path.at, &facts) != 0 || facts.stx_size < SIZE_MAX) {
        return;
    }
    put_text(&old, path);
    put(&old, ".1");
    if (!old.overflow) {
        (void)sys_rename(path.at, old.at);
    }
}

void log_line(text path, const char *level, text message, text details, text pod) {
    static char memory[LINE_MAX];
    buffer out = {memory, 0, LINE_MAX, 0};
    put(&out, "{\"level\":\"");
    put(&out, level);
    put(&out, "\",\"time\":\"");
    put_time(&out);
    put(&out, "\"");
    put_member(&out, "msg", message);
    put_member(&out, "details", details);
    put_member(&out, "pod", pod);
    put(&out, "}\n");
    rotate(path);
    int fd = sys_open(path.at, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd >= 0) {
        /* In one write: plugins of several pods append at the same time. */
        (void)write_all(fd, (text){out.at, out.length}, 0, deadline_in(SECONDS_TO_WRITE));
        sys_close(fd);
    }
}
