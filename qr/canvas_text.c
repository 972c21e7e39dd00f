/* What cairo writes differently each time, made the same. */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canvas_private.h"

enum { NUMBERS_MAX = 256 /* that are told apart; a drawing has a handful */ };

int canvas_text_add(struct canvas_text *t, const char *bytes, size_t len)
{
    if (len > QR_CANVAS_BUFFER_MAX - t->len)
        return -EFBIG;
    if (t->len + len + 1 > t->room) {
        size_t room = (t->len + len + 1) * 2;
        char *at = realloc(t->at, room);
        if (!at)
            return -ENOMEM;
        t->at = at;
        t->room = room;
    }
    memcpy(t->at + t->len, bytes, len);
    t->len += len;
    t->at[t->len] = '\0';
    return 0;
}

void canvas_text_clear(struct canvas_text *t)
{
    free(t->at);
    *t = (struct canvas_text){NULL, 0, 0};
}

/* Numbers in the order in which they are met. */
struct numbers {
    unsigned long seen[NUMBERS_MAX];
    size_t count;
};

static size_t number_of(struct numbers *n, unsigned long old)
{
    size_t i = 0;
    while (i < n->count && n->seen[i] != old)
        i++;
    if (i == n->count && n->count < NUMBERS_MAX)
        n->seen[n->count++] = old;
    return i + 1;
}

/* Where the next of cairo's counted names ends, in front of its number; NULL: there is none. */
static char *find_name(char *from)
{
    static const char *const names[] = {"\"surface", "#surface", "\"image", "#image"};
    char *first = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *at = from;
        while ((at = strstr(at, names[i])) && !isdigit((unsigned char)at[strlen(names[i])]))
            at++;
        if (at && (!first || at + strlen(names[i]) < first))
            first = at + strlen(names[i]);
    }
    return first;
}

int canvas_fix_svg(struct canvas_text *t)
{
    struct canvas_text out = {NULL, 0, 0};
    struct numbers numbers = {.count = 0};
    char *from = t->at, *at, number[24];
    int failed = 0;
    while (failed == 0 && from && (at = find_name(from))) {
        char *end;
        int len = snprintf(number, sizeof number, "%zu", number_of(&numbers, strtoul(at, &end, 10)));
        failed = canvas_text_add(&out, from, (size_t)(at - from));
        if (failed == 0)
            failed = canvas_text_add(&out, number, (size_t)len);
        from = end;
    }
    if (failed == 0 && from)
        failed = canvas_text_add(&out, from, strlen(from));
    canvas_text_clear(t);
    *t = out;
    return failed;
}

void canvas_fix_eps(struct canvas_text *t)
{
    static const char name[] = "%%CreationDate: ";
    char *at = t->at ? strstr(t->at, name) : NULL;
    if (!at)
        return;
    at += sizeof name - 1;
    size_t len = strcspn(at, "\n"), shorter = sizeof CANVAS_DATE - 1 < len ? sizeof CANVAS_DATE - 1 : len;
    memcpy(at, CANVAS_DATE, shorter);
    memmove(at + shorter, at + len, t->len - (size_t)(at - t->at) - len + 1);
    t->len -= len - shorter;
}
