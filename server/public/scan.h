/* The handlers of the visitors' door. Routes are in worker.c. */
#ifndef SERVER_PUBLIC_SCAN_H
#define SERVER_PUBLIC_SCAN_H

#include "answers.h"
#include "config.h"
#include "conn.h"
#include "country.h"
#include "counts.h"
#include "guard.h"
#include "store.h"
#include "visitor.h"

/* What scans need of their worker. */
struct scan_context {
    const struct config *config;
    const struct countries *countries; /* NULL: no database */
    struct seats *seats;
    struct alias_finder *aliases;
    struct counts *counts;
    struct guard guard;
    struct visitor_options visitors;
    struct answer_shelf shelf;
    char base_url[1024];
    char page_lines[1536]; /* the headers that every page has, as whole lines */
    size_t page_lines_len;
};

/* Fills what is the same for all scans of a worker. 0, or -ENOBUFS: the headers do not fit. */
int scan_context_init(struct scan_context *x, const unsigned char secret[STORE_SECRET], int visitor_days,
                      const char *base_url);

size_t scan_size(void); /* bytes of a scan, kept in its connection */

void scan_start(struct conn *c);   /* GET /{slug}, GET /{slug}/{channel} */
void scan_confirm(struct conn *c); /* POST /{slug}/seat */
void scan_next(struct conn *c);    /* POST /{slug}/next */
void scan_return(struct conn *c);  /* GET /{slug}/next: 303 to the campaign's own address */
void scan_press(struct conn *c); /* POST /{slug}, POST /{slug}/{channel}: the button of a tap page, a form; else 405 */
/* The way to 404 of a whole request: an old address may lead to a campaign (old_path.c). */
void scan_not_found(struct conn *c);
/* A page that is an answer in itself: 404, 400 … */
void scan_refuse(struct conn *c, int status);

#endif
