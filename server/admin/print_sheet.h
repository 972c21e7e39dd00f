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

#endif
