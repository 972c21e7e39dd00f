/* The format of the store: one number in it. A store without one has the first. */
#include <stdio.h>
#include <stdlib.h>

#include "redis_private.h"
#include "store.h"

int store_format_known(void)
{
#ifdef HUOMA_TEST_FORMAT
    const char *other = getenv("HUOMA_TEST_FORMAT"); /* a test plays a later version */
    if (other)
        return (int)strtol(other, NULL, 10);
#endif
    return STORE_FORMAT;
}

void store_format_refusal(int format, char out[STORE_ERR_MAX])
{
    snprintf(out, STORE_ERR_MAX, "it has format %d, and this huoma knows none after %d: a newer huoma is needed",
             format, store_format_known());
}

struct format_call {
    store_format_done done;
    void *ctx;
};

static void format_answered(void *ctx, enum store_result r, const redisReply *reply)
{
    struct format_call call = *(struct format_call *)ctx;
    long format = 1;
    char *end = NULL;
    free(ctx);
    if (r == STORE_OK && reply->type == REDIS_REPLY_STRING) {
        format = strtol(reply->str, &end, 10);
        if (*end != '\0' || format < 1 || format > STORE_FORMAT_MAX)
            r = STORE_BAD_REPLY;
    } else if (r == STORE_OK && reply->type != REDIS_REPLY_NIL) {
        r = STORE_BAD_REPLY;
    }
    call.done(call.ctx, r, (int)format);
}

void store_format(struct store *s, store_format_done done, void *ctx)
{
    struct format_call *call = malloc(sizeof *call);
    if (!call) { /* without memory for even this there is nothing to be called back from later */
        done(ctx, STORE_UNAVAILABLE, 0);
        return;
    }
    *call = (struct format_call){done, ctx};
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "GET");
    redis_call_key(c, NULL, "format");
    redis_call_send(c, format_answered, call);
}

void store_raise_format(struct store *s, store_done done, void *ctx)
{
    char format[16];
    snprintf(format, sizeof format, "%d", store_format_known());
    struct redis_call *c = redis_call_begin(s->link);
    redis_call_text(c, "SET");
    redis_call_key(c, NULL, "format");
    redis_call_text(c, format);
    redis_call_await(c);
    redis_call_send_plain(c, done, ctx);
}
