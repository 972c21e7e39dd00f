/* What keeps the order of campaigns by their problems true when campaigns come and go. See problems.c. */
#ifndef STORAGE_PROBLEMS_H
#define STORAGE_PROBLEMS_H

#include "redis_link.h"

/* The hash tag of both keys: no slug can be it. */
#define PROBLEMS_TAG "~problems"

/* It is new, or has changed. */
void problems_note(struct store *s, const char *slug);
/* It is gone. */
void problems_forget(struct store *s, const char *slug);

#endif
