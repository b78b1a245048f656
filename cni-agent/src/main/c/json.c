#include "json.h"

/* Deeper nesting than any CNI configuration has; bounds the recursion on a host's stack. */
enum { DEPTH_MAX = 64 };

typedef struct {
    text in;
    size_t at;
} scanner;

static int peek(const scanner *s) { return s->at < s->in.length ? (unsigned char)s->in.at[s->at] : -1; }

static void skip_blanks(scanner *s) {
    while (peek(s) == ' ' || peek(s) == '\t' || peek(s) == '\n' || peek(s) == '\r') {
        s->at++;
    }
}

static int take(scanner *s, char expected) {
    if (peek(s) != expected) {
        return 0;
    }
    s->at++;
    return 1;
}

static int is_digit(int byte) { return byte >= '0' && byte <= '9'; }

static int is_hex(int byte) {
    return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static const char *scan_escape(scanner *s) {
    int kind = peek(s);
    s->at++;
    if (kind == 'u') {
        for (int i = 0; i < 4; i++, s->at++) {
            if (!is_hex(peek(s))) {
                return "broken \\u escape";
            }
        }
        return 0;
    }
    for (const char *known = "\"\\/bfnrt"; *known != '\0'; known++) {
        if (kind == *known) {
            return 0;
        }
    }
    return "unknown escape";
}

static const char *scan_string(scanner *s) {
    if (!take(s, '"')) {
        return "string expected";
    }
    for (;;) {
        int byte = peek(s);
        if (byte < ' ') { /* also the end, -1 */
            return "string does not end";
        }
        s->at++;
        if (byte == '"') {
            return 0;
        }
        if (byte == '\\') {
            const char *wrong = scan_escape(s);
            if (wrong) {
                return wrong;
            }
        }
    }
}

static int scan_digits(scanner *s) {
    size_t start = s->at;
    while (is_digit(peek(s))) {
        s->at++;
    }
    return s->at > start;
}

static const char *scan_number(scanner *s) {
    take(s, '-');
    if (!take(s, '0') && !scan_digits(s)) {
        return "value expected";
    }
    if (take(s, '.') && !scan_digits(s)) {
        return "broken number";
    }
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+')) {
            take(s, '-');
        }
        if (!scan_digits(s)) {
            return "broken number";
        }
    }
    return 0;
}

static const char *scan_word(scanner *s, const char *word) {
    for (; *word != '\0'; word++) {
        if (!take(s, *word)) {
            return "unknown word";
        }
    }
    return 0;
}

static const char *scan_value(scanner *s, int depth);

static const char *scan_array(scanner *s, int depth) {
    s->at++;
    skip_blanks(s);
    if (take(s, ']')) {
        return 0;
    }
    for (;;) {
        skip_blanks(s);
        const char *wrong = scan_value(s, depth);
        if (wrong) {
            return wrong;
        }
        skip_blanks(s);
        if (take(s, ']')) {
            return 0;
        }
        if (!take(s, ',')) {
            return "comma or ] expected";
        }
    }
}

static const char *remember(json_member *members, size_t count, text name, text value) {
    for (size_t i = 0; i < count; i++) {
        if (text_equals(name, text_of(members[i].name))) {
            if (members[i].value.length != 0) {
                return "a member is there twice";
            }
            members[i].value = value;
        }
    }
    return 0;
}

/* From the opening brace; members may be none. */
static const char *scan_members(scanner *s, int depth, json_member *members, size_t count) {
    s->at++;
    skip_blanks(s);
    if (take(s, '}')) {
        return 0;
    }
    for (;;) {
        skip_blanks(s);
        size_t name_start = s->at + 1;
        const char *wrong = scan_string(s);
        if (wrong) {
            return wrong;
        }
        text name = {s->in.at + name_start, s->at - 1 - name_start};
        skip_blanks(s);
        if (!take(s, ':')) {
            return "colon expected";
        }
        skip_blanks(s);
        size_t value_start = s->at;
        wrong = scan_value(s, depth);
        if (wrong) {
            return wrong;
        }
        wrong = remember(members, count, name, (text){s->in.at + value_start, s->at - value_start});
        if (wrong) {
            return wrong;
        }
        skip_blanks(s);
        if (take(s, '}')) {
            return 0;
        }
        if (!take(s, ',')) {
            return "comma or } expected";
        }
    }
}

static const char *scan_value(scanner *s, int depth) {
    if (depth == DEPTH_MAX) {
        return "nested too deeply";
    }
    switch (peek(s)) {
        case '{': return scan_members(s, depth + 1, 0, 0);
        case '[': return scan_array(s, depth + 1);
        case '"': return scan_string(s);
        case 't': return scan_word(s, "true");
        case 'f': return scan_word(s, "false");
        case 'n': return scan_word(s, "null");
        default: return scan_number(s);
    }
}

const char *json_scan_object(text document, json_member *members, size_t count) {
    scanner s = {document, 0};
    skip_blanks(&s);
    if (peek(&s) != '{') {
        return "a JSON object expected";
    }
    const char *wrong = scan_members(&s, 1, members, count);
    if (wrong) {
        return wrong;
    }
    skip_blanks(&s);
    return s.at == document.length ? 0 : "something follows the JSON object";
}

int json_plain_string(text value, text *inside) {
    if (value.length < 2 || value.at[0] != '"') {
        return 0;
    }
    *inside = (text){value.at + 1, value.length - 2};
    for (size_t i = 0; i < inside->length; i++) {
        if (inside->at[i] == '\\') {
            return 0;
        }
    }
    return 1;
}

int json_array_holds(text value, text wanted) {
    scanner s = {value, 0};
    if (!take(&s, '[')) {
        return 0;
    }
    for (;;) {
        skip_blanks(&s);
        size_t start = s.at;
        if (peek(&s) == ']' || scan_value(&s, 1)) {
            return 0;
        }
        text item;
        if (json_plain_string((text){value.at + start, s.at - start}, &item) && text_equals(item, wanted)) {
            return 1;
        }
        skip_blanks(&s);
        if (!take(&s, ',')) {
            return 0;
        }
    }
}
