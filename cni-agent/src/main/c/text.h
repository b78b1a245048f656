/* Pieces of text by address and length, and the few functions on them that the plugin needs. */
#ifndef CULVERT_TEXT_H
#define CULVERT_TEXT_H

#include "sys.h"

#define MAX(a, b) ((a) > (b) ? (a) : (b))

typedef struct {
    const char *at;
    size_t length;
} text;

/* A bounded buffer. What does not fit sets `overflow`, and the caller asks once, at the end. */
typedef struct {
    char *at;
    size_t length;
    size_t capacity;
    int overflow;
} buffer;

static inline text text_of(const char *zero_ended) {
    text result = {zero_ended, 0};
    while (zero_ended[result.length] != '\0') {
        result.length++;
    }
    return result;
}

int text_equals(text a, text b);
int text_starts(text whole, text start);
void put_byte(buffer *to, char byte);
void put_text(buffer *to, text what);
void put(buffer *to, const char *zero_ended);
void put_number(buffer *to, size_t number);
/* Appends as the inside of a JSON string. Bytes outside printable ASCII become '?': they only ever come from errors. */
void put_json_escaped(buffer *to, text what);

#endif
