/* A stranger's bytes as a stream of requests, cut at a point that the input chooses: head, route, body, cookie,
 * parameters. */
#include "body.h"
#include "fuzz.h"
#include "params.h"
#include "request.h"
#include "route.h"

static void handled(struct conn *c)
{
    (void)c;
}

static void use(const struct request *r)
{
    static const struct http_route routes[] = {
        {HTTP_M_GET, "/", handled, 0},
        {HTTP_M_GET, "/{}", handled, 0},
        {HTTP_M_POST, "/{}/seat", handled, 1024},
        {HTTP_M_GET, "/{}/{}", handled, 0},
    };
    struct route_match m;
    char out[256];
    route_find(routes, sizeof routes / sizeof *routes, r, &m);
    request_cookie(r, "hm");
    query_get(r->query, "size", out, sizeof out);
    span_decode(r->path, false, out, sizeof out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t step = data[0] ? data[0] : 1;
    /* A copy of its own, so that a read behind the end is seen. */
    char *bytes = malloc(size);
    size_t len = size - 1, at = 0, scanned = 0, have = 0;
    if (!bytes)
        return 0;
    memcpy(bytes, data + 1, len);
    while (have < len || at < have) {
        have = len - have > step ? have + step : len;
        struct request r;
        size_t head = request_head_end(bytes + at, have - at, &scanned);
        if (!head) {
            if (have == len)
                break;
            continue;
        }
        if (request_parse(&r, bytes + at, head) != 0)
            break;
        use(&r);
        at += head;
        scanned = 0;
        struct request_body b;
        int done = request_body_begin(&b, &r, 4096);
        for (size_t used; done == 0 && at < len; at += used) {
            done = request_body_feed(&b, bytes + at, len - at > step ? step : len - at, &used);
            if (done == 0 && used == 0)
                break;
        }
        request_body_clear(&b);
        have = have < at ? at : have;
        if (done != 1)
            break;
    }
    free(bytes);
    return 0;
}
