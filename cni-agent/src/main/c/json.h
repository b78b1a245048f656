/* A scanner for one JSON object: checks all of it, and remembers where the values of a few top-level members are. */
#ifndef CULVERT_JSON_H
#define CULVERT_JSON_H

#include "text.h"

typedef struct {
    const char *name;
    /* The value's exact bytes, without surrounding blanks; length 0 where the member is absent. */
    text value;
} json_member;

/* NULL, or what is wrong. Members that are not asked for are checked and skipped; one that is there twice is an error. */
const char *json_scan_object(text document, json_member *members, size_t count);

/* The inside of a string value; 0 where it is no string, or has escapes (which no value that we read needs). */
int json_plain_string(text value, text *inside);

/* Whether the value is an array that holds this string. The value has passed json_scan_object. */
int json_array_holds(text value, text wanted);

#endif
