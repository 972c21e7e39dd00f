/* A date as text: RFC 3339 with its offset, as the API, the stored form and token records write it. */
#ifndef CAMPAIGN_DATE_H
#define CAMPAIGN_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 3339 with offset, "2026-11-29T14:20:00+08:00" or "...Z" -> unix seconds; false if it is not one. */
bool date_from_text(const char *text, size_t len, int64_t *seconds);
/* Unix seconds -> "2026-11-29T06:20:00Z". */
void date_to_text(int64_t seconds, char out[32]);

#endif
