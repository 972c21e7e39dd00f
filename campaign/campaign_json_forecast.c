/* A forecast into JSON, as the API and the command line show it. */
#include <math.h>

#include "campaign_json_private.h"

static json_t *date_or_null(int64_t seconds)
{
    char text[32];
    date_to_text(seconds, text);
    return seconds ? json_string(text) : json_null();
}

static json_t *rate_or_null(double per_hour)
{
    return per_hour < 0 ? json_null() : json_real(round(per_hour * 10) / 10);
}

/* "full_at" and what belongs to it, into an object that begins with its name. */
static json_t *moment_to_json(const char *key, const char *name, enum forecast_why why,
                              const struct forecast_moment *full)
{
    return json_pack("{s:s, s:o, s:o, s:o, s:s?}", key, name, "full_at", date_or_null(full->at), "earliest",
                     date_or_null(full->soonest), "latest", date_or_null(full->latest), "why", forecast_why_words[why]);
}

char *forecast_moment_to_json(const char *slug, enum forecast_why why, const struct forecast_moment *gone, int64_t at)
{
    json_t *json = moment_to_json("slug", slug, why, gone);
    bool good = json && json_object_set_new(json, "at", date_or_null(at)) == 0;
    char *text = good ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    return text;
}

char *forecast_to_json(const struct campaign *c, const struct forecast *f, int64_t now)
{
    json_t *json = moment_to_json("slug", c->slug, f->why, &f->gone), *groups = json_array();
    bool good = json && groups;
    for (size_t i = 0; good && i < c->group_count; i++)
        good = json_array_append_new(groups,
                                     moment_to_json("id", c->groups[i].id, f->groups[i].why, &f->groups[i].full)) == 0;
    good = good && json_object_set_new(json, "at", date_or_null(now)) == 0 &&
           json_object_set_new(json, "per_hour", rate_or_null(f->per_hour)) == 0 &&
           json_object_set(json, "groups", groups) == 0;
    char *text = good ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(groups);
    json_decref(json);
    return text;
}
