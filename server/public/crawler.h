/* Who is not a person: requests that say so of themselves. A doubt counts as a person: at most a seat is held. */
#ifndef SERVER_PUBLIC_CRAWLER_H
#define SERVER_PUBLIC_CRAWLER_H

#include <stdbool.h>

#include "request.h"

/* Self-declared crawlers and previews by user agent, and browsers' prefetch by its headers. HEAD is the caller's. */
bool crawler_is(const struct request *r);

#endif
