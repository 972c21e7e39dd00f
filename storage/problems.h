/* What keeps the order of campaigns by their problems true when campaigns come and go. See problems.c. */
#ifndef STORAGE_PROBLEMS_H
#define STORAGE_PROBLEMS_H

#include "redis_link.h"

/* "" the order, ":due" when each is looked at. In a cluster they are where the index is: a list takes both. */
void problems_key(struct redis_call *c, const struct store *s, const char *suffix);

/* It is new, or has changed. */
void problems_note(struct store *s, const char *slug);
/* It is gone. */
void problems_forget(struct store *s, const char *slug);

#endif
