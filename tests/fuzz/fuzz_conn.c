/*
 * A connection of a door, and its bytes in pieces as they may come: the first byte says how (its client ends its side
 * or not, its bodies may be chunked or not, it reads slowly, its address has more than its part), each piece begins
 * with its length. Behind the door: bodies that are echoed, whose client is told by X-Forwarded-For, answers in chunks,
 * and what an admin's bodies and queries are read by.
 *
 * What comes back is one answer after another, and each begins where the one before has ended.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "config.h"
#include "conn_private.h"
#include "fields.h"
#include "fuzz.h"
#include "params.h"
#include "print.h"
#include "print_body.h"
#include "stats_query.h"

enum {
    FORM_ENDS = 1,     /* the client ends its side after its last byte */
    FORM_CHUNKED = 2,  /* the door takes chunked bodies */
    FORM_SLOW = 4,     /* the client reads a little at a time */
    FORM_LEAVES = 8,   /* it is gone before it has read its answers */
    FORM_CROWDED = 16, /* no connection of its address is kept */
    ECHO_MAX = 4096,
    PASSES = 64,
};

static struct conn *late; /* whose answer comes later */
static bool late_left;

static void answer(struct conn *c, int status, const char *body, size_t len)
{
    struct reply r;
    reply_begin(&r, c, status);
    reply_header_text(&r, "Cache-Control", "no-store");
    reply_end(&r, body, len);
}

static void refuse(struct conn *c, int status)
{
    char allow[64];
    CHECK(status >= 400 && status < 600);
    route_allow(conn_allowed(c), allow);
    answer(c, status, "no", 2);
}

/* A proxy is trusted by its last bit. */
static bool trusted(const void *ctx, const struct in6_addr *a)
{
    (void)ctx;
    return a->s6_addr[15] & 1;
}

static void echo(struct conn *c)
{
    const struct request *r = conn_request(c);
    char client[INET6_ADDRSTRLEN], again[INET6_ADDRSTRLEN];
    struct in6_addr a;
    client_address("127.0.0.1", r->header[HTTP_H_X_FORWARDED_FOR], trusted, NULL, client);
    CHECK(inet_pton(strchr(client, ':') ? AF_INET6 : AF_INET, client, &a) == 1);
    client_address(client, (struct span){NULL, 0}, trusted, NULL, again);
    CHECK(strcmp(client, again) == 0);
    CHECK(conn_body(c).len <= ECHO_MAX);
    answer(c, 200, conn_body(c).at, conn_body(c).len);
}

static void ended(struct conn *c)
{
    (void)c;
}

static void stream(struct conn *c)
{
    struct reply r;
    reply_begin(&r, c, 200);
    if (reply_stream_body(&r, NULL, ended) && conn_stream_send(c, "ab", 2) && conn_stream_send(c, "c", 1))
        conn_stream_finish(c);
}

static void left(struct conn *c)
{
    CHECK(c == late && !late_left);
    late_left = true;
}

static void later(struct conn *c)
{
    CHECK(!late);
    late = c;
    late_left = false;
    conn_watch_client(c, left);
}

static void sheet(struct conn *c)
{
    struct print_sheet s = {0};
    struct print p = {.kind = PRINT_POSTER, .form = QR_PDF};
    struct field_errors e;
    json_t *body = print_body_read(c, &s, &e);
    if (!body)
        return print_sheet_clear(&s);
    const struct print_source source = print_source_body(body);
    print_read_sheet(&source, &p, &e);
    CHECK(s.count <= PRINT_SHEET_MAX);
    json_decref(body);
    print_sheet_clear(&s);
    answer(c, e.count ? 422 : 200, NULL, 0);
}

static void body_fields(struct conn *c)
{
    static const char *const keys[] = {"name", "role", "expires_at", NULL};
    struct field_errors e;
    json_t *body = fields_read(c, keys, &e);
    if (!body)
        return;
    fields_text(body, "name", &e);
    fields_role(body, &e);
    CHECK(fields_expiry(body, "expires_at", 1795000000, &e) >= 0);
    json_decref(body);
    answer(c, e.count ? 422 : 200, NULL, 0);
}

static void queries(struct conn *c)
{
    static char days[STORE_STATS_DAYS_MAX][STORE_DAY];
    const struct request *r = conn_request(c);
    struct field_errors e = {.count = 0};
    struct fields_page page;
    const struct print_source source = print_source_query(&r->query);
    for (int form = QR_SVG; form <= QR_PDF; form++) {
        struct print code = {.kind = PRINT_CODE, .form = (enum qr_form)form};
        struct print poster = {.kind = PRINT_POSTER, .form = (enum qr_form)form};
        print_read(&source, &code, &e);
        print_read(&source, &poster, &e);
    }
    size_t count = stats_query_days(r->query, days, &e);
    CHECK(count <= STORE_STATS_DAYS_MAX);
    stats_query_csv(r->query, &e);
    fields_read_page(r->query, &page, &e);
    answer(c, e.count ? 422 : 200, NULL, 0);
}

static const struct http_route routes[] = {
    {HTTP_M_GET, "/", echo, 0},          {HTTP_M_POST, "/echo", echo, ECHO_MAX},
    {HTTP_M_GET, "/stream", stream, 0},  {HTTP_M_POST, "/later", later, ECHO_MAX},
    {HTTP_M_GET, "/query", queries, 0},  {HTTP_M_POST, "/sheet", sheet, PRINT_BODY_MAX},
    {HTTP_M_GET, "/later/{}", later, 0}, {HTTP_M_POST, "/fields", body_fields, FIELDS_BODY_MAX},
};

static bool counts(const void *owner, const struct in6_addr *peer)
{
    (void)owner, (void)peer;
    return true;
}

/* --- the client --- */

static char heard[1 << 20];
static size_t heard_len;

static void hear(int fd, bool slow)
{
    size_t most = slow ? 7 : sizeof heard - heard_len;
    if (most > sizeof heard - heard_len)
        return;
    ssize_t n = recv(fd, heard + heard_len, most, 0);
    if (n > 0)
        heard_len += (size_t)n;
}

static void answer_late(void)
{
    struct conn *c = late;
    late = NULL;
    if (c)
        answer(c, 200, conn_body(c).at, conn_body(c).len);
}

static void pass(struct event_base *base, int fd, unsigned form)
{
    event_base_loop(base, EVLOOP_NONBLOCK);
    hear(fd, form & FORM_SLOW);
}

/* Interim answers have no body; all others but a stream say how long theirs is. */
static void check_answers(void)
{
    static const char begin[] = "HTTP/1.1 ", length[] = "\r\nContent-Length: ";
    for (size_t at = 0; at < heard_len;) {
        size_t len = heard_len - at;
        const char *head = heard + at, *end = memmem(head, len, "\r\n\r\n", 4);
        CHECK(memcmp(head, begin, len < sizeof begin - 1 ? len : sizeof begin - 1) == 0);
        if (!end)
            return;
        size_t head_len = (size_t)(end - head) + 4;
        const char *size = memmem(head, head_len, length, sizeof length - 1);
        at += head_len;
        if (!size && memcmp(head + sizeof begin - 1, "100", 3) != 0)
            return; /* a stream, which is the last */
        if (size && memmem(head, head_len, "\r\nConnection: close\r\n", 21))
            return; /* also the last, and without a body if it was HEAD */
        if (size && at < heard_len && memcmp(heard + at, begin, 5) != 0)
            at += strtoul(size + sizeof length - 1, NULL, 10);
        CHECK(at <= heard_len);
    }
}

static void speak(struct event_base *base, struct http_door *d, int fd, const uint8_t *data, size_t size, unsigned form)
{
    while (size > 1) {
        size_t len = data[0] < size - 1 ? data[0] : size - 1;
        const uint8_t *piece = data + 1;
        data += len + 1;
        size -= len + 1;
        while (len > 0) {
            ssize_t n = send(fd, piece, len, MSG_NOSIGNAL);
            if (n < 0 && errno != EAGAIN)
                return;
            len -= n > 0 ? (size_t)n : 0;
            piece += n > 0 ? n : 0;
            pass(base, fd, form);
        }
        pass(base, fd, form);
        if (data[-1] & 1)
            answer_late();
        CHECK(http_door_conns(d) <= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char err[256];
    int pair[2];
    if (size < 2)
        return 0;
    const unsigned form = data[0];
    const struct http_door_options o = {.routes = routes,
                                        .route_count = sizeof routes / sizeof *routes,
                                        .conn_data = 64,
                                        .conns_max = 4,
                                        .address_kept = form & FORM_CROWDED ? 0 : 4,
                                        .address_max = 4,
                                        .counts = counts,
                                        .chunked = form & FORM_CHUNKED,
                                        .refuse = refuse};
    const union conn_address peer = {.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    struct event_base *base = event_base_new();
    struct http_door *d = base ? http_door_new(base, &o, "127.0.0.1", 0, err, sizeof err) : NULL;
    CHECK(d && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    heard_len = 0;
    conn_accepted(d, pair[0], &peer);
    speak(base, d, pair[1], data + 1, size - 1, form);
    if (form & FORM_LEAVES)
        shutdown(pair[1], SHUT_RDWR);
    else if (form & FORM_ENDS)
        shutdown(pair[1], SHUT_WR);
    for (int i = 0; i < PASSES && http_door_conns(d) > 0; i++) {
        answer_late();
        pass(base, pair[1], form);
    }
    answer_late();
    hear(pair[1], false);
    if (!(form & (FORM_SLOW | FORM_LEAVES)))
        check_answers();
    const struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}};
    CHECK(*crowd_count(d->crowd, &address) == http_door_conns(d));
    http_door_free(d);
    event_base_free(base);
    close(pair[1]);
    return 0;
}
