/* The waiting list of a campaign's line of our own export, both ways. For export_campaign.c. */
#ifndef SERVER_CLI_EXPORT_PLACES_H
#define SERVER_CLI_EXPORT_PLACES_H

#include "export_campaign.h"

/* A shorter list: out of memory. */
json_t *export_places_to_json(const struct store_dump *d);
/* list: NULL or null is an empty one. Fills ret->places, and what ret->dump has of them; false: why. Texts stay in the
 * list. */
bool export_places_from_json(json_t *list, int64_t now, struct exported_campaign *ret, char why[EXPORT_WHY_MAX]);

#endif
