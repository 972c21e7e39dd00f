/*
 * In which country an address is, by a database in MaxMind's format (GeoLite2, DB-IP and others). Opened once, mapped,
 * never written: threads share it. Whoever replaces the file renames a new one into its place, and starts the server
 * anew.
 */
#ifndef SERVER_COUNTRY_H
#define SERVER_COUNTRY_H

#include <stdbool.h>
#include <stddef.h>

enum {
    COUNTRY_CODE = 2, /* letters */
    COUNTRY_TEXT_MAX = 128,
};

struct countries;

/* NULL: why in err. */
struct countries *countries_open(const char *path, char err[COUNTRY_TEXT_MAX]);
void countries_close(struct countries *c); /* NULL is fine */

/* Of a numeric address the ISO code of its country, in lower case; of one that no country is known for, of that where
 * it is registered; else "". */
void countries_find(const struct countries *c, const char *address, char ret_code[COUNTRY_CODE + 1]);

/* What it is and when it was made, for people: "GeoLite2-Country of 2026-11-01". */
void countries_describe(const struct countries *c, char out[COUNTRY_TEXT_MAX]);

#endif
