/*
 * Texts read by jansson when memory may run out. Inside a text jansson takes a refused allocation for a fault of the
 * text, which whoever sent it would be told to mend; and where the buffer of a string cannot grow, jansson 2.14 writes
 * behind a shorter one. So a reading has a reserve: once memory is refused, that serves it for the little that is still
 * read.
 */
#ifndef CAMPAIGN_JSON_MEMORY_H
#define CAMPAIGN_JSON_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct json_t;
struct json_error_t;

/* Once, at the beginning of the process, before any other use of jansson. */
void json_memory_watch(void);
/* json_loadb, with its flags. NULL and json_memory_failed(): there was no memory, and error says nothing. */
struct json_t *json_memory_load(const char *text, size_t len, size_t flags, struct json_error_t *error);
/* Whether this thread's last json_memory_load was refused memory. */
bool json_memory_failed(void);
/* Whether jansson was refused memory anywhere in this process, ever: what was made of values may lack some. */
bool json_memory_was_short(void);
/* Who makes values of what it allocates itself, and was refused, says so here: then json_memory_was_short too. */
void json_memory_lacks(void);

#endif
