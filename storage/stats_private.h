/* What stats*.c share. Nobody else includes this. */
#ifndef STORAGE_STATS_PRIVATE_H
#define STORAGE_STATS_PRIVATE_H

#include "redis_link.h"

enum { STATS_DAY_SECONDS = 86400 };

/* Stands for a campaign in the keys of all campaigns together; no slug begins so. */
#define STATS_ALL_CAMPAIGNS "~all"

#endif
