/* Many codes of one campaign, one a channel: which they are, and their links as CSV. */
#ifndef SERVER_ADMIN_PRINT_SHEET_H
#define SERVER_ADMIN_PRINT_SHEET_H

#include "print.h"

enum {
    PRINT_SHEET_MAX = 1000,     /* channels */
    PRINT_BODY_MAX = 256 << 10, /* bytes of a request that names so many with their labels */
    PRINT_LABEL_MAX = 96,       /* bytes of what is printed beside a channel's code */
};

struct print_place {
    char channel[CAMPAIGN_CHANNEL_MAX + 1];
    char label[PRINT_LABEL_MAX + 1]; /* "" : the channel's name */
};

struct print_sheet {
    size_t count, room;
    bool more;                  /* than PRINT_SHEET_MAX were named */
    struct print_place *places; /* owned */
};

/* A channel, in any case, and its label (NULL: none). What is wrong is an error of the field. false: out of memory. */
bool print_sheet_add(struct print_sheet *s, const char *channel, const char *label, const char *field,
                     struct field_errors *errors);
/* When all are there: none, too many, or one twice is an error of the field "channels". */
void print_sheet_check(const struct print_sheet *s, struct field_errors *errors);
void print_sheet_clear(struct print_sheet *s);
/* "channel,link" and a row for each, with what Excel needs to see that it is UTF-8; malloc'd, NULL out of memory. */
char *print_sheet_csv(const struct print_sheet *s, const char *base_url, const char *slug, size_t *len);

/* Called between one code and the next, first while they are proved, then while they are drawn: `next` returns 0, or
 * -errno, which ends it. */
struct print_pace {
    int (*next)(void *ctx, bool drawing, size_t done, size_t all);
    void *ctx;
};

/* As print_draw, of all: PDF, a page for each (p->grid: as many on a page as it holds). All are proved before the first
 * byte is written; then nothing is kept from one page to the next. (print_pages.c) */
int print_sheet_draw(struct print_press *press, const struct print *p, const struct print_sheet *s,
                     struct print_campaign *of, const struct print_pace *pace, qr_write write, void *ctx,
                     struct print_told *told, struct field_errors *errors);

#endif
