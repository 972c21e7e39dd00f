/*
 * Sends letters, by libcurl in a thread of its own: the loop hands one over and is told what became of it.
 *
 * No redirect is followed, no proxy asked, and each address is checked when the connection is made, so that a name
 * which leads elsewhere a moment later gains nothing. Used from the base's thread only.
 */
#ifndef SERVER_ALERT_SENDER_H
#define SERVER_ALERT_SENDER_H

#include "config.h"
#include "letter.h"

struct sender;
struct event_base;

enum {
    SENDER_QUEUE_MAX = 64,   /* letters that wait or are on their way; more are refused */
    SENDER_TOGETHER_MAX = 8, /* on their way */
    SENDER_CONNECT_SECONDS = 5,
    SENDER_SECONDS = 15,       /* for all of it */
    SENDER_ANSWER_MAX = 65536, /* bytes of an answer; one that is longer is broken off */
};

/* allowed must outlive it. NULL: out of memory, descriptors or threads. */
struct sender *sender_new(struct event_base *base, const struct config_cidrs *allowed);
/* Breaks off what is on its way; nobody is called back any more. NULL is fine. */
void sender_free(struct sender *s);

/* Once, never from inside the call. */
typedef void (*sender_done)(void *ctx, const struct letter_answer *a);
/* l is taken over. false: the queue is full, and done is not called. */
bool sender_send(struct sender *s, struct letter *l, sender_done done, void *ctx);

#endif
