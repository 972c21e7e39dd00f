/*
 * The proof of a seat that a visitor carries in the cookie `hm`. Redis keeps no key per visitor: this is all there is.
 *
 * Text form: "1.<c|h>.<group>.<due, hex>.<serial, hex>.<tried>.<mac>": c confirmed, h held; tried: ids joined by '~',
 * may be empty; mac: SipHash-2-4 with 128 bits (libsodium's crypto_shorthash_siphashx24) in base64url without padding,
 * over the campaign's uid, its slug, the version that the group came with (under an id that is given again stands
 * another group), and all text before the last dot. Any other spelling of the same values is refused.
 */
#ifndef CAMPAIGN_SEAT_TOKEN_H
#define CAMPAIGN_SEAT_TOKEN_H

#include "campaign.h"

enum {
    SEAT_TOKEN_KEY = 16,  /* bytes of the key */
    SEAT_TOKEN_MAX = 192, /* bytes of the text form, with its NUL */
    SEAT_TRIED_MAX = 5,   /* groups a visitor could not get into that are remembered; the oldest is forgotten */
};

struct seat_token {
    char group[GROUP_ID_MAX + 1];
    bool confirmed;
    int64_t due;    /* the hold's bucket, see ledger.lua: named by the second at which it is given back, or a later one;
                       0: the seat was never held, or (not confirmed) is gone */
    int64_t serial; /* within the bucket, from 0 */
    char tried[SEAT_TRIED_MAX][GROUP_ID_MAX + 1];
    int tried_count;
};

/* Writes the text form, returns its length (without NUL). Never fails. */
size_t seat_token_write(const struct seat_token *t, const unsigned char key[SEAT_TOKEN_KEY], const struct campaign *c,
                        char out[SEAT_TOKEN_MAX]);

/* 0, or -EINVAL if the text is not a token of this campaign made with this key. *ret_token is untouched on failure.
 * Constant time in the mac. No allocation. */
int seat_token_read(const char *text, size_t len, const unsigned char key[SEAT_TOKEN_KEY], const struct campaign *c,
                    struct seat_token *ret_token);

/* Remembers one more group that the visitor could not get into. */
void seat_token_add_tried(struct seat_token *t, const char *group);

#endif
