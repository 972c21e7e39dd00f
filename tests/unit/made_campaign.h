/* Campaigns made of JSON, for the tests of campaign_json. What can't be made fails the test. */
#ifndef TESTS_UNIT_MADE_CAMPAIGN_H
#define TESTS_UNIT_MADE_CAMPAIGN_H

#include "campaign_json.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define URL "https://example.com/"
#define GROUP "{\"url\":\"" URL "\"}"
#define STORED_HEAD "{\"slug\":\"a\",\"uid\":\"0123456789abcdef\""

extern const struct campaign_moment moment, later;

/* Whether there is one of this field, with this in its reason. */
bool errors_have(const struct field_errors *e, const char *field, const char *reason);

struct campaign *create(const char *json);
/* Takes c. */
struct campaign *patch(struct campaign *c, const char *json);
/* Groups g1, g3; g2 was removed; next_group 4. */
struct campaign *make_spring(void);

/* Ids of its groups, with a blank between; and each is found. */
void assert_ids(const struct campaign *c, const char *expected);

/* head, so many pieces, tail; malloc'd. */
char *repeat(const char *head, const char *piece, size_t count, const char *tail);

#endif
