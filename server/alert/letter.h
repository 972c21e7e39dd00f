/* A message as each kind of destination wants it, and what its answer means. */
#ifndef SERVER_ALERT_LETTER_H
#define SERVER_ALERT_LETTER_H

#include "destination.h"
#include "text.h"

enum {
    LETTER_HEADERS = 4,
    LETTER_HEADER_MAX = 256,
    LETTER_ANSWER_MAX = 512, /* bytes of the other side's answer that are kept */
};

/* Ready to be sent. */
struct letter {
    bool mail, plain; /* plain: without TLS */
    bool starttls;
    char url[DESTINATION_URL_MAX + 512];
    char headers[LETTER_HEADERS][LETTER_HEADER_MAX];
    size_t header_count;
    char *body; /* owned */
    size_t len;
    enum destination_kind kind;
    char user[DESTINATION_FIELD_MAX + 1], password[DESTINATION_SECRET_MAX + 1];
    char from[DESTINATION_FIELD_MAX + 1], to[DESTINATION_TO_MAX + 1];
};

/* What the other side said, or why it could not be asked. */
struct letter_answer {
    bool delivered;
    bool permanent;                   /* trying again does not help */
    int status;                       /* of HTTP or SMTP; 0: there was no answer */
    int retry_after;                  /* seconds; 0: not said */
    char text[LETTER_ANSWER_MAX + 1]; /* the answer's first bytes, or the reason; UTF-8 without control characters */
};

/* id: names the message, the same each time it is sent. now: unix seconds, for signatures. data: what a webhook gets
 * beside the text, JSON. NULL: out of memory. Free it with letter_free. */
struct letter *letter_new(const struct destination *d, const struct alert_news *n, const char *id, const char *data,
                          struct zone *zone, int64_t now);
void letter_free(struct letter *l);

/* Of an HTTP answer: delivered or not, for good or not. a->status, a->text and retry_after are there. */
void letter_judge(enum destination_kind kind, struct letter_answer *a);
/* Bytes of a stranger into a->text. */
void letter_keep_text(struct letter_answer *a, const char *bytes, size_t len);

#endif
