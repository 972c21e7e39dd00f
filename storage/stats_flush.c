/* What workers counted goes in. Seats are counted by the ledger's own scripts. */
#include <stdio.h>

#include "stats_private.h"

struct redis_call *store_flush_begin(struct store *s, const struct store_flush *f)
{
    char day[STORE_DAY], name[64], hour[4];
    const char *slug = f->slug ? f->slug : STATS_ALL_CAMPAIGNS;
    struct redis_call *c = redis_script_begin(s->link, REDIS_COUNT_VISITS, 3);
    snprintf(day, sizeof day, "%04u-%02u-%02u", f->hour / 1000000 % 10000, f->hour / 10000 % 100, f->hour / 100 % 100);
    snprintf(hour, sizeof hour, "%02u", f->hour % 100);
    redis_call_key(c, slug, ":seats");
    snprintf(name, sizeof name, ":visits:%s", day);
    redis_call_key(c, slug, name);
    redis_call_key(c, slug, ":flushed");
    redis_call_text(c, f->uid ? f->uid : "");
    redis_call_text(c, day);
    snprintf(name, sizeof name, "%s:%u", f->worker, f->hour);
    redis_call_text(c, name);
    redis_call_int(c, f->number);
    redis_call_int(c, s->stats_days * (int64_t)STATS_DAY_SECONDS);
    redis_call_text(c, hour);
    redis_call_int(c, (int64_t)f->dropped);
    return c;
}

void store_flush_add(struct redis_call *call, const struct store_visits *v)
{
    redis_call_text(call, v->group);
    redis_call_text(call, v->channel);
    redis_call_text(call, v->device);
    redis_call_text(call, v->language);
    for (int i = 0; i < STAT_VISIT_KINDS; i++)
        redis_call_int(call, v->counts[i]);
}

void store_flush_send(struct redis_call *call, store_done done, void *ctx)
{
    redis_call_send_plain(call, done, ctx);
}
