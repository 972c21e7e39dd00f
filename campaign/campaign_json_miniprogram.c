/*
 * What a group says of a WeChat mini program: the keys of its object, and the link that follows from them. The link of
 * an appid is built, not typed: a typing mistake in it would show on visitors' phones only.
 */
#include "campaign_json_private.h"

#include <string.h>
#include <strings.h>

static struct miniprogram *mini_of(struct change *ch)
{
    return ch->group->miniprogram;
}

static void read_appid(struct change *ch, const char *key, json_t *value)
{
    const char *appid = json_string_value(value);

    if (!json_is_null(value) && (!appid || !miniprogram_appid_valid(appid, json_string_length(value))))
        change_error(ch, key, "must be wx and 16 of 0-9 and a-f");
    else
        change_set_text(ch, &mini_of(ch)->appid, appid);
}

static void read_path(struct change *ch, const char *key, json_t *value)
{
    const char *path = json_string_value(value);

    if (path && strpbrk(path, "?#"))
        change_error(ch, key, "must be a page's path alone (what stands behind ? goes into query)");
    else
        change_read_text(ch, key, value, MINIPROGRAM_PATH_MAX, false, &mini_of(ch)->path);
}

static void read_query(struct change *ch, const char *key, json_t *value)
{
    change_read_text(ch, key, value, MINIPROGRAM_QUERY_MAX, false, &mini_of(ch)->query);
}

static void read_version(struct change *ch, const char *key, json_t *value)
{
    mini_of(ch)->version =
        (enum miniprogram_version)change_read_word(ch, key, value, miniprogram_versions, MINIPROGRAM_DEVELOP + 1);
}

/* null takes the link away; `fits` says what else it must be. */
static void read_link(struct change *ch, const char *key, json_t *value, char **out, bool (*fits)(const char *url),
                      const char *reason)
{
    const char *url = json_string_value(value);

    if (json_is_null(value))
        change_set_text(ch, out, NULL);
    else if (url && fits && !platform_check_url(url, json_string_length(value)) && !fits(url))
        change_error(ch, key, "%s", reason);
    else
        change_read_url(ch, key, value, out);
}

static bool is_web(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

static void read_url_link(struct change *ch, const char *key, json_t *value)
{
    read_link(ch, key, value, &mini_of(ch)->url_link, miniprogram_is_url_link,
              "must begin with https://wxaurl.cn/ or https://wxmpurl.cn/");
}

static void read_code(struct change *ch, const char *key, json_t *value)
{
    read_link(ch, key, value, &mini_of(ch)->code, NULL, NULL);
}

static void read_fallback_url(struct change *ch, const char *key, json_t *value)
{
    read_link(ch, key, value, &mini_of(ch)->fallback_url, is_web, "must begin with https:// or http://");
}

static const struct key miniprogram_keys[] = {
    {"appid", READ_ALL, read_appid},
    {"path", READ_ALL, read_path},
    {"query", READ_ALL, read_query},
    {"env_version", READ_ALL, read_version},
    {"url_link", READ_ALL, read_url_link},
    {"code", READ_ALL, read_code},
    {"fallback_url", READ_ALL, read_fallback_url},
};

void change_read_miniprogram(struct change *ch, const char *key, json_t *value)
{
    if (json_is_null(value)) {
        miniprogram_free(ch->group->miniprogram);
        ch->group->miniprogram = NULL;
        return;
    }
    if (!json_is_object(value)) {
        change_error(ch, key, "must be an object");
        return;
    }
    if (!ch->group->miniprogram && !(ch->group->miniprogram = miniprogram_new())) {
        ch->no_memory = true;
        return;
    }
    ch->inner = key;
    change_read_object(ch, miniprogram_keys, COUNT_OF(miniprogram_keys), value);
    ch->inner = NULL;
}

/* The link of an appid, in place of what is there. given: what the request says it is, or NULL. */
static void build_url(struct change *ch, json_t *given)
{
    struct group *g = ch->group;
    char built[MINIPROGRAM_URL_ROOM];
    const char *reason;

    miniprogram_build_url(g->miniprogram, built);
    reason = platform_check_url(built, strlen(built));
    if (reason) {
        change_error(ch, "miniprogram", "makes a link that %s", reason);
    } else if (given && (!json_is_string(given) || strcmp(json_string_value(given), built) != 0)) {
        change_error(ch, "url", "must be left out: it is built from miniprogram.appid");
    } else if (change_allows_url(ch, "miniprogram", built)) {
        change_set_text(ch, &g->url, built);
        g->platform = PLATFORM_MINIPROGRAM;
    }
}

void change_finish_miniprogram(struct change *ch, json_t *url)
{
    struct group *g = ch->group;

    if (!g->miniprogram || ch->no_memory)
        return;
    if (g->miniprogram->appid)
        build_url(ch, ch->reading == READ_STORED ? NULL : url);
    else if (g->url && g->platform != PLATFORM_MINIPROGRAM)
        change_error(ch, "miniprogram", "is only for a group whose link opens a mini program");
}
