/* See campaign_json_memory.h. What comes out of the reserve goes with it: nothing of such a reading is kept. */
#include "campaign_json_memory.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    RESERVE_STRING = 4,       /* times the text: what the buffer of a string takes while it grows, at most */
    RESERVE_VALUES = 64 << 10 /* bytes for the values of what is read behind a refusal */
};

struct reading {
    const char *text;
    size_t len;
};

static _Thread_local struct {
    char *at;
    size_t used, size;
} reserve;
static _Thread_local bool refused;
static atomic_bool was_short;

static void *watched_malloc(size_t size)
{
    void *p = malloc(size);
    size_t step = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    if (p)
        return p;
    refused = true;
    atomic_store(&was_short, true);
    if (!reserve.at || size > step || step > reserve.size - reserve.used)
        return NULL;
    p = reserve.at + reserve.used;
    reserve.used += step;
    return p;
}

static void watched_free(void *p)
{
    uintptr_t at = (uintptr_t)p, first = (uintptr_t)reserve.at;
    if (!reserve.at || at < first || at >= first + reserve.size)
        free(p);
}

void json_memory_watch(void)
{
    json_set_alloc_funcs(watched_malloc, watched_free);
}

/* jansson's source of bytes; it ends as soon as memory was refused. */
static size_t read_on(void *to, size_t room, void *ctx)
{
    struct reading *r = ctx;
    size_t n = refused ? 0 : room < r->len ? room : r->len;
    memcpy(to, r->text, n);
    r->text += n;
    r->len -= n;
    return n;
}

struct json_t *json_memory_load(const char *text, size_t len, size_t flags, struct json_error_t *error)
{
    struct reading r = {text ? text : "", len};
    json_t *value = NULL;
    reserve.used = 0;
    reserve.size = RESERVE_STRING * len + RESERVE_VALUES;
    reserve.at = malloc(reserve.size);
    refused = !reserve.at;
    if (!refused)
        value = json_load_callback(read_on, &r, flags, error);
    if (refused) {
        json_decref(value);
        value = NULL;
    }
    free(reserve.at);
    reserve.at = NULL;
    return value;
}

bool json_memory_failed(void)
{
    return refused;
}

bool json_memory_was_short(void)
{
    return atomic_load(&was_short);
}

void json_memory_lacks(void)
{
    atomic_store(&was_short, true);
}
