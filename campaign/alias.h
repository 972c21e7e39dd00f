/*
 * Aliases: old addresses, printed long ago for another system, that lead to a campaign of ours.
 *
 * An alias is a path, with or without the first parameters of a query. Both what an admin writes and what a visitor's
 * phone sends is brought into one canonical form, so that two spellings of an address are one: percent-encoded
 * unreserved characters are decoded, all bytes that no address has as they are are encoded (RFC 3986, 2.3 and 6.2.2),
 * slashes at the path's end and empty parameters are dropped. Letters of another case are another address.
 */
#ifndef CAMPAIGN_ALIAS_H
#define CAMPAIGN_ALIAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ALIAS_MAX = 512,                            /* bytes, as written and in canonical form */
    ALIAS_PAIRS_MAX = 8,                        /* parameters of its query */
    ALIAS_CANDIDATES_MAX = ALIAS_PAIRS_MAX + 1, /* aliases that one request may mean */
};

/* The canonical form of an alias into out, ended by a NUL. NULL, or why it cannot be one; out is then not to be used.
 */
const char *alias_read(const char *text, size_t len, char out[ALIAS_MAX + 1]);

/* The aliases that a request may mean, from its path alone to its path with its first parameters. */
struct alias_candidates {
    char text[ALIAS_MAX + 1]; /* the longest one; the others are what it begins with */
    int count;
    uint16_t len[ALIAS_CANDIDATES_MAX];  /* bytes of text, the shortest first */
    uint16_t used[ALIAS_CANDIDATES_MAX]; /* bytes of the request's query that it covers, with the '&' behind them */
};

/* path: as sent, without query; query: what stands behind '?', or empty. false: no alias can be meant. */
bool alias_find_candidates(const char *path, size_t path_len, const char *query, size_t query_len,
                           struct alias_candidates *c);

#endif
