/* Listens to <prefix>changed, the channel on which every save and deletion names its campaign. One a worker. */
#ifndef STORAGE_CHANGES_H
#define STORAGE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "redis_link.h"

enum {
    CHANGES_BEAT_MS = 500, /* it subscribes again this often: a dead link shows when no answer comes */
};

/* Whether changes are being heard now. */
bool changes_heard(const struct changes *c);

#endif
