/* See made_campaign.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "made_campaign.h"

const struct campaign_moment moment = {.now = 1795000000, .random = {UINT64_C(0x123456789a), 0xabcdef}};
const struct campaign_moment later = {.now = 1795000100};

bool errors_have(const struct field_errors *e, const char *field, const char *reason)
{
    for (size_t i = 0; i < e->count; i++) {
        if (strcmp(e->list[i].field, field) == 0 && strstr(e->list[i].reason, reason))
            return true;
    }
    return false;
}

struct campaign *create(const char *json)
{
    struct field_errors e;
    struct campaign *c = campaign_from_request(json, strlen(json), &moment, &e);

    if (!c)
        fail_msg("%s: %s: %s", json, e.list[0].field, e.list[0].reason);
    assert_int_equal(e.count, 0);
    return c;
}

struct campaign *patch(struct campaign *c, const char *json)
{
    struct field_errors e;
    struct head_counts heads;
    struct campaign *changed = campaign_from_patch(c, json, strlen(json), &later, &heads, &e);

    if (!changed)
        fail_msg("%s: %s: %s", json, e.list[0].field, e.list[0].reason);
    head_counts_free(&heads);
    campaign_free(c);
    return changed;
}

void assert_ids(const struct campaign *c, const char *expected)
{
    char ids[256] = "";

    for (size_t i = 0; i < c->group_count; i++) {
        strcat(strcat(ids, i ? " " : ""), c->groups[i].id);
        assert_int_equal(campaign_find_group(c, c->groups[i].id), i);
    }
    assert_string_equal(ids, expected);
}

struct campaign *make_spring(void)
{
    struct campaign *c = create("{\"slug\":\"spring\",\"title\":\"Spring run\",\"strategy\":\"even\","
                                "\"starts_at\":\"2026-06-01T00:00:00Z\",\"fallback\":{\"url\":\"" URL
                                "\",\"text\":\"Come\\nlater\"},\"groups\":[{\"url\":\"https://weixin.qq.com/g/A\","
                                "\"limit\":200}," GROUP ",{\"url\":\"" URL "\",\"limit\":5,\"weight\":3}]}");
    struct campaign *without = campaign_without_group(c, 1, &moment);

    campaign_free(c);
    assert_ids(without, "g1 g3");
    return without;
}

char *repeat(const char *head, const char *piece, size_t count, const char *tail)
{
    size_t piece_len = strlen(piece), head_len = strlen(head);
    char *text = malloc(head_len + piece_len * count + strlen(tail) + 1);

    strcpy(text, head);
    for (size_t i = 0; i < count; i++)
        memcpy(text + head_len + i * piece_len, piece, piece_len);
    strcpy(text + head_len + piece_len * count, tail);
    return text;
}
