/* The languages of a visitor's pages, and how one is chosen. */
#ifndef SERVER_PUBLIC_LANDING_LANGUAGE_H
#define SERVER_PUBLIC_LANDING_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "when.h"

enum landing_language { LANDING_ZH, LANDING_EN, LANDING_LANGUAGES };

/* The first supported language of an Accept-Language header by its q values (RFC 9110, 12.5.4); neither: fallback.
 * value may be NULL. */
enum landing_language landing_language_of(const char *value, size_t len, enum landing_language fallback);

/* The tag that an Accept-Language header likes best, in lower case; false (out is ""): none, or one that is longer than
 * WHEN_LANGUAGE_MAX. value may be NULL. */
bool language_best(const char *value, size_t len, char out[WHEN_LANGUAGE_MAX + 1]);

#endif
