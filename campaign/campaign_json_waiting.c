/* The fallback's waiting list, in and out. */
#include "campaign_json_private.h"

static const char *const ask_words[] = {"nickname", "number"}; /* from WAITING_NICKNAME on */

static void read_ask(struct change *ch, const char *key, json_t *value)
{
    int word = change_read_word(ch, key, value, ask_words, COUNT_OF(ask_words));
    ch->campaign->waiting.ask = (enum waiting_ask)(WAITING_NICKNAME + word);
}

static void read_count(struct change *ch, const char *key, json_t *value, int low, int high, int by_default, int *out)
{
    int64_t n = by_default;
    if (json_is_null(value) || change_read_integer(ch, key, value, low, high, &n))
        *out = (int)n;
}

static void read_promise(struct change *ch, const char *key, json_t *value)
{
    read_count(ch, key, value, WAITING_PROMISE_MIN, WAITING_PROMISE_MAX, WAITING_PROMISE_DEFAULT,
               &ch->campaign->waiting.promise_seconds);
}

static void read_limit(struct change *ch, const char *key, json_t *value)
{
    read_count(ch, key, value, 1, WAITING_LIMIT_MAX, WAITING_LIMIT_DEFAULT, &ch->campaign->waiting.limit);
}

static void read_privacy(struct change *ch, const char *key, json_t *value)
{
    change_read_text(ch, key, value, WAITING_PRIVACY_MAX, false, &ch->campaign->waiting.privacy);
}

static const struct key waiting_keys[] = {
    {"ask", READ_ALL, read_ask},
    {"promise_seconds", READ_ALL, read_promise},
    {"limit", READ_ALL, read_limit},
    {"privacy", READ_ALL, read_privacy},
};

void change_close_waiting(struct change *ch)
{
    change_set_text(ch, &ch->campaign->waiting.privacy, NULL);
    ch->campaign->waiting.ask = WAITING_CLOSED;
}

void change_read_waiting(struct change *ch, const char *key, json_t *value)
{
    struct waiting_list *w = &ch->campaign->waiting;
    if (json_is_null(value)) {
        change_close_waiting(ch);
        return;
    }
    if (!json_is_object(value)) {
        change_error(ch, key, "must be an object");
        return;
    }
    if (w->ask == WAITING_CLOSED) {
        w->ask = WAITING_NICKNAME;
        w->promise_seconds = WAITING_PROMISE_DEFAULT;
        w->limit = WAITING_LIMIT_DEFAULT;
    }
    ch->inner = key;
    change_read_object(ch, waiting_keys, COUNT_OF(waiting_keys), value);
    ch->inner = NULL;
}

json_t *waiting_json(const struct waiting_list *w)
{
    if (w->ask == WAITING_CLOSED)
        return json_null();
    return json_pack("{s:s, s:i, s:i, s:s?}", "ask", ask_words[w->ask - WAITING_NICKNAME], "promise_seconds",
                     w->promise_seconds, "limit", w->limit, "privacy", w->privacy);
}
