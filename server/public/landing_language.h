/* The languages of a visitor's pages, and how one is chosen. */
#ifndef SERVER_PUBLIC_LANDING_LANGUAGE_H
#define SERVER_PUBLIC_LANDING_LANGUAGE_H

#include <stddef.h>

enum landing_language { LANDING_ZH, LANDING_EN, LANDING_LANGUAGES };

/* The first supported language of an Accept-Language header by its q values (RFC 9110, 12.5.4); neither: fallback.
 * value may be NULL. */
enum landing_language landing_language_of(const char *value, size_t len, enum landing_language fallback);

#endif
