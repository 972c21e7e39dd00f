/* Listens to <prefix>changed, the channel on which every save and deletion names its campaign. One a worker. */
#ifndef STORAGE_CHANGES_H
#define STORAGE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "redis_link.h"

struct changes;

enum {
    CHANGES_BEAT_MS = 500, /* it subscribes again this often: a dead link shows when no answer comes */
};

/* changed: a campaign's slug (not terminated), or NULL: some may have been missed (the link was down). NULL: out of
 * memory or a bad URL. */
struct changes *changes_new(struct store *s, void (*changed)(void *ctx, const char *slug, size_t len), void *ctx,
                            char err[STORE_ERR_MAX]);
/* Whether changes are being heard now. */
bool changes_heard(const struct changes *c);
void changes_free(struct changes *c);

#endif
