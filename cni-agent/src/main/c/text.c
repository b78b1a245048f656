#include "text.h"

/* The compiler may call these by itself. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int byte, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    char *target = to;
    const char *source = from;
    for (size_t i = 0; i < size; i++) {
        target[i] = source[i];
    }
    return to;
}

void *memset(void *to, int byte, size_t size) {
    char *target = to;
    for (size_t i = 0; i < size; i++) {
        target[i] = (char)byte;
    }
    return to;
}

int text_equals(text a, text b) { return a.length == b.length && text_starts(a, b); }

int text_starts(text whole, text start) {
    if (whole.length < start.length) {
        return 0;
    }
    for (size_t i = 0; i < start.length; i++) {
        if (whole.at[i] != start.at[i]) {
            return 0;
        }
    }
    return 1;
}

void put_byte(buffer *to, char byte) {
    if (to->length == to->capacity) {
        to->overflow = 1;
        return;
    }
    to->at[to->length++] = byte;
}

void put_text(buffer *to, text what) {
    for (size_t i = 0; i < what.length; i++) {
        put_byte(to, what.at[i]);
    }
}

void put(buffer *to, const char *zero_ended) { put_text(to, text_of(zero_ended)); }

void put_number(buffer *to, size_t number) {
    char digits[20];
    size_t used = sizeof digits;
    do {
        digits[--used] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put_text(to, (text){digits + used, sizeof digits - used});
}

void put_json_escaped(buffer *to, text what) {
    for (size_t i = 0; i < what.length; i++) {
        char byte = what.at[i];
        if (byte == '"' || byte == '\\') {
            put_byte(to, '\\');
            put_byte(to, byte);
        } else if (byte < ' ' || byte > '~') {
            put_byte(to, '?');
        } else {
            put_byte(to, byte);
        }
    }
}
