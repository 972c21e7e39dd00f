/* server/http: what is let in, what is refused and with which status (request.c); bodies (body.c), cookies and
 * parameters (params.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "body.h"
#include "params.h"
#include "request.h"
#include "route.h"

#define TEXT(s) s, sizeof(s) - 1

static const struct {
    const char *why;
    const char *head;
    size_t len;
    int status;
} heads[] = {
    {"plain", TEXT("GET /a HTTP/1.1\r\nHost: h\r\n\r\n"), 0},
    {"HTTP/1.0 without Host", TEXT("GET /a HTTP/1.0\r\n\r\n"), 0},
    {"value with blanks around", TEXT("GET / HTTP/1.1\r\nHost: \t h:80 \t\r\n\r\n"), 0},
    {"IPv6 host", TEXT("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"), 0},
    {"obs-text in a value", TEXT("GET / HTTP/1.1\r\nHost: h\r\nUser-Agent: caf\xc3\xa9\r\n\r\n"), 0},
    {"absolute-form", TEXT("GET http://evil.example/a?b HTTP/1.1\r\nHost: h\r\n\r\n"), 0},
    {"Upgrade is not taken up", TEXT("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"), 0},
    {"no Host", TEXT("GET / HTTP/1.1\r\n\r\n"), 400},
    {"two Hosts", TEXT("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n"), 400},
    {"empty Host", TEXT("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400},
    {"comma in Host", TEXT("GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"), 400},
    {"user info in Host", TEXT("GET / HTTP/1.1\r\nHost: u@h\r\n\r\n"), 400},
    {"path in Host", TEXT("GET / HTTP/1.1\r\nHost: h/p\r\n\r\n"), 400},
    {"port not a number", TEXT("GET / HTTP/1.1\r\nHost: h:8x\r\n\r\n"), 400},
    {"blank before the colon", TEXT("GET / HTTP/1.1\r\nHost : h\r\n\r\n"), 400},
    {"obs-fold", TEXT("GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n"), 400},
    {"first header folded", TEXT("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), 400},
    {"bare LF after the request line", TEXT("GET / HTTP/1.1\nHost: h\r\n\r\n"), 400},
    {"bare LF after a header", TEXT("GET / HTTP/1.1\r\nHost: h\n\r\n"), 400},
    {"bare LF at the end", TEXT("GET / HTTP/1.1\r\nHost: h\r\n\n"), 400},
    {"bare CR in a value", TEXT("GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n"), 400},
    {"NUL in a value", TEXT("GET / HTTP/1.1\r\nHost: h\r\nA: b\0c\r\n\r\n"), 400},
    {"DEL in a value", TEXT("GET / HTTP/1.1\r\nHost: h\r\nA: b\x7f\r\n\r\n"), 400},
    {"escape in the target", TEXT("GET /\x1b HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"high byte in the target", TEXT("GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"fragment in the target", TEXT("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"empty header name", TEXT("GET / HTTP/1.1\r\nHost: h\r\n: b\r\n\r\n"), 400},
    {"header without colon", TEXT("GET / HTTP/1.1\r\nHost: h\r\nabc\r\n\r\n"), 400},
    {"two blanks in the request line", TEXT("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"blank behind the version", TEXT("GET / HTTP/1.1 \r\nHost: h\r\n\r\n"), 400},
    {"tab in the request line", TEXT("GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"no version", TEXT("GET /\r\n\r\n"), 400},
    {"lower-case version", TEXT("GET / http/1.1\r\nHost: h\r\n\r\n"), 400},
    {"HTTP/1.2", TEXT("GET / HTTP/1.2\r\nHost: h\r\n\r\n"), 505},
    {"HTTP/2.0", TEXT("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505},
    {"HTTP/0.9", TEXT("GET / HTTP/0.9\r\nHost: h\r\n\r\n"), 505},
    {"HTTP/11", TEXT("GET / HTTP/11\r\nHost: h\r\n\r\n"), 400},
    {"unknown method", TEXT("BREW / HTTP/1.1\r\nHost: h\r\n\r\n"), 501},
    {"CONNECT", TEXT("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n"), 501},
    {"lower-case method", TEXT("get / HTTP/1.1\r\nHost: h\r\n\r\n"), 501},
    {"target without slash", TEXT("GET a HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"star with GET", TEXT("GET * HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"absolute-form with user info", TEXT("GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"absolute-form of another scheme", TEXT("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400},
    {"two lengths", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400},
    {"a list of lengths", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1, 1\r\n\r\n"), 400},
    {"signed length", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +1\r\n\r\n"), 400},
    {"negative length", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n"), 400},
    {"hexadecimal length", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x1\r\n\r\n"), 400},
    {"empty length", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\n"), 400},
    {"length over 64 bits", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n"), 400},
    {"length and coding", TEXT("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
     400},
    {"coding and length", TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
     400},
    {"empty coding beside a length",
     TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\r\nContent-Length: 1\r\n\r\n"), 400},
    {"unknown coding", TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 400},
    {"two codings",
     TEXT("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"coding in HTTP/1.0", TEXT("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {"an expectation that is not ours", TEXT("POST / HTTP/1.1\r\nHost: h\r\nExpect: 200-ok\r\n\r\n"), 417},
    {"two authorizations", TEXT("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n"), 400},
    {"only an empty line", TEXT("\r\n\r\n"), 400},
    {"one empty line first", TEXT("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0},
};

static void each_head_gets_its_status(void **state)
{
    struct request r;
    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        int status = request_parse(&r, heads[i].head, heads[i].len);
        if (status != heads[i].status)
            fail_msg("%s: %d, not %d", heads[i].why, status, heads[i].status);
    }
}

static void parts_of_a_request_are_found(void **state)
{
    static const char head[] =
        "POST /a/b?c=d HTTP/1.1\r\nHost: q.example.com\r\nCookie: a=1; hm=2\r\nUSER-AGENT: x y \r\n"
        "Content-Length: 12\r\nExpect: 100-Continue\r\nConnection: close\r\n\r\n";
    struct request r;
    (void)state;
    assert_int_equal(request_parse(&r, head, sizeof head - 1), 0);
    assert_int_equal(r.method, HTTP_M_POST);
    assert_true(span_is(r.path, "/a/b"));
    assert_true(span_is(r.query, "c=d"));
    assert_true(span_is(r.header[HTTP_H_HOST], "q.example.com"));
    assert_true(span_is(r.header[HTTP_H_USER_AGENT], "x y"));
    assert_true(span_is(request_cookie(&r, "hm"), "2"));
    assert_int_equal(r.content_length, 12);
    assert_true(r.expects_continue);
    assert_false(r.keep_alive);
    assert_null(r.header[HTTP_H_ORIGIN].at);
}

static void absolute_form_gives_its_path_only(void **state)
{
    static const char head[] = "GET http://evil.example HTTP/1.1\r\nHost: h\r\n\r\n";
    struct request r;
    (void)state;
    assert_int_equal(request_parse(&r, head, sizeof head - 1), 0);
    assert_true(span_is(r.path, "/"));
    assert_true(span_is(r.header[HTTP_H_HOST], "h"));
}

static void keep_alive_follows_the_version(void **state)
{
    static const struct {
        const char *head;
        size_t len;
        bool keep;
    } table[] = {
        {TEXT("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), true},
        {TEXT("GET / HTTP/1.1\r\nHost: h\r\nConnection: foo, Close\r\n\r\n"), false},
        {TEXT("GET / HTTP/1.0\r\nHost: h\r\n\r\n"), false},
        {TEXT("GET / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n"), true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct request r;
        assert_int_equal(request_parse(&r, table[i].head, table[i].len), 0);
        assert_int_equal(r.keep_alive, table[i].keep);
    }
}

static void a_head_has_limits(void **state)
{
    struct request r;
    static char big[HTTP_HEAD_MAX + 64];
    (void)state;
    int n = snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: h\r\nA: ");
    memset(big + n, 'a', sizeof big - (size_t)n);
    memcpy(big + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(request_parse(&r, big, HTTP_HEAD_MAX), 0);
    memset(big + HTTP_HEAD_MAX - 4, 'a', 4);
    memcpy(big + HTTP_HEAD_MAX - 3, "\r\n\r\n", 4);
    assert_int_equal(request_parse(&r, big, HTTP_HEAD_MAX + 1), 431);

    n = snprintf(big, sizeof big, "GET / HTTP/1.1\r\nHost: h\r\n");
    for (int i = 1; i < HTTP_HEADERS_MAX; i++)
        n += snprintf(big + n, sizeof big - (size_t)n, "A: b\r\n");
    memcpy(big + n, "\r\n", 2);
    assert_int_equal(request_parse(&r, big, (size_t)n + 2), 0);
    n += snprintf(big + n, sizeof big - (size_t)n, "A: b\r\n\r\n");
    assert_int_equal(request_parse(&r, big, (size_t)n), 431);

    n = snprintf(big, sizeof big, "GET /");
    memset(big + n, 'a', HTTP_TARGET_MAX);
    n += HTTP_TARGET_MAX;
    n += snprintf(big + n, sizeof big - (size_t)n, " HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_int_equal(request_parse(&r, big, (size_t)n), 414);
}

static void the_end_of_a_head_is_found_byte_by_byte(void **state)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET";
    size_t scanned = 0, end = 0;
    (void)state;
    for (size_t len = 1; len <= sizeof head - 1 && !end; len++)
        end = request_head_end(head, len, &scanned);
    assert_int_equal(end, strlen("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
    scanned = 0;
    assert_int_equal(request_head_end("GET / HTTP/1.1\n\nrest", 20, &scanned), 16);
}

/* Feeds a body in pieces of `step` bytes; what request_body_feed said last. */
static int feed(struct request_body *b, const char *bytes, size_t len, size_t step, size_t *used)
{
    int done = 0;
    *used = 0;
    while (!done && *used < len) {
        size_t n = len - *used < step ? len - *used : step, consumed = 0;
        done = request_body_feed(b, bytes + *used, n, &consumed);
        *used += consumed;
    }
    return done;
}

static void a_chunked_body_is_put_together(void **state)
{
    static const char body[] = "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\nGET / next";
    const struct request r = {.chunked = true};
    (void)state;
    for (size_t step = 1; step < sizeof body; step++) {
        struct request_body b;
        size_t used;
        assert_int_equal(request_body_begin(&b, &r, 100), 0);
        assert_int_equal(feed(&b, body, sizeof body - 1, step, &used), 1);
        assert_int_equal(b.len, 11);
        assert_string_equal(b.bytes, "hello world");
        assert_int_equal(used, sizeof body - 1 - strlen("GET / next"));
        request_body_clear(&b);
    }
}

static void bad_chunks_are_refused(void **state)
{
    static const struct {
        const char *body;
        int status;
    } table[] = {
        {"x\r\n", -400},
        {"0\r\nX: y\r\n\r\n", -400},
        {"0\r\n\n", -400},
        {"5 \r\nhello\r\n0\r\n\r\n", -400},
        {"-1\r\n", -400},
        {"5\nhello\r\n", -400},
        {"5\r\nhelloX\r\n", -400},
        {"fffffffffffffffff\r\n", -400},
        {"65\r\n0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789X",
         -413},
    };
    const struct request r = {.chunked = true};
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct request_body b;
        size_t used;
        assert_int_equal(request_body_begin(&b, &r, 100), 0);
        int done = feed(&b, table[i].body, strlen(table[i].body), 1000, &used);
        if (done != table[i].status)
            fail_msg("%s: %d", table[i].body, done);
        request_body_clear(&b);
    }
}

static void a_body_over_its_limit_is_refused_at_once(void **state)
{
    const struct request r = {.content_length = 101, .has_content_length = true};
    struct request_body b;
    (void)state;
    assert_int_equal(request_body_begin(&b, &r, 100), -413);
    request_body_clear(&b);
}

static void a_cookie_is_found_by_its_whole_name(void **state)
{
    static const struct {
        const char *header, *value;
    } table[] = {
        {"hm=1", "1"},    {"a=b; hm=1; c=d", "1"}, {"a=b;hm=1", "1"}, {"xhm=2", NULL},
        {"hm2=2", NULL},  {"hm=1; hm=2", NULL},    {"hm", NULL},      {"", NULL},
        {"a=hm=1", NULL}, {";;; hm=a=b ;", "a=b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct request r = {.header[HTTP_H_COOKIE] = {table[i].header, strlen(table[i].header)}};
        struct span got = request_cookie(&r, "hm");
        if (table[i].value ? !got.at || !span_is(got, table[i].value) : got.at != NULL)
            fail_msg("%s", table[i].header);
    }
}

static void parameters_are_decoded(void **state)
{
    char out[8];
    struct span q = {"a=1&b=%41+b&c&a=2&d=%zz&e=%00&f=123456789", 42};
    (void)state;
    q.len = strlen(q.at);
    assert_int_equal(query_get(q, "b", out, sizeof out), 3);
    assert_string_equal(out, "A b");
    assert_int_equal(query_get(q, "c", out, sizeof out), 0);
    assert_int_equal(query_get(q, "a", out, sizeof out), -3);
    assert_int_equal(query_get(q, "d", out, sizeof out), -1);
    assert_int_equal(query_get(q, "e", out, sizeof out), -1);
    assert_int_equal(query_get(q, "f", out, sizeof out), -1);
    assert_int_equal(query_get(q, "g", out, sizeof out), -2);
}

static void handled(struct conn *c)
{
    (void)c;
}

static void routes_take_whole_segments(void **state)
{
    static const struct http_route routes[] = {
        {HTTP_M_GET, "/", handled, 0},      {HTTP_M_GET, "/{}", handled, 0},    {HTTP_M_POST, "/{}/seat", handled, 10},
        {HTTP_M_GET, "/{}/{}", handled, 0}, {HTTP_M_PUT, "/{}/{}", handled, 0},
    };
    static const struct {
        enum http_method method;
        const char *path;
        int route; /* -1: none */
        const char *allow;
    } table[] = {
        {HTTP_M_GET, "/", 0, ""},
        {HTTP_M_GET, "/a", 1, ""},
        {HTTP_M_HEAD, "/a", 1, ""},
        {HTTP_M_GET, "/a/", -1, ""},
        {HTTP_M_GET, "//a", -1, ""},
        {HTTP_M_POST, "/a/seat", 2, ""},
        {HTTP_M_GET, "/a/seat", -1, "POST"},
        {HTTP_M_PUT, "/a/b", 4, ""},
        {HTTP_M_POST, "/a/b", -1, "GET, HEAD, PUT"},
        {HTTP_M_GET, "/a/b/c", -1, ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct request r = {.method = table[i].method, .path = {table[i].path, strlen(table[i].path)}};
        struct route_match m;
        char allow[64];
        route_find(routes, sizeof routes / sizeof *routes, &r, &m);
        if (m.route != (table[i].route < 0 ? NULL : &routes[table[i].route]))
            fail_msg("%s", table[i].path);
        if (!m.route)
            assert_string_equal(route_allow(m.allowed, allow), table[i].allow);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_head_gets_its_status),
        cmocka_unit_test(parts_of_a_request_are_found),
        cmocka_unit_test(absolute_form_gives_its_path_only),
        cmocka_unit_test(keep_alive_follows_the_version),
        cmocka_unit_test(a_head_has_limits),
        cmocka_unit_test(the_end_of_a_head_is_found_byte_by_byte),
        cmocka_unit_test(a_chunked_body_is_put_together),
        cmocka_unit_test(bad_chunks_are_refused),
        cmocka_unit_test(a_body_over_its_limit_is_refused_at_once),
        cmocka_unit_test(a_cookie_is_found_by_its_whole_name),
        cmocka_unit_test(parameters_are_decoded),
        cmocka_unit_test(routes_take_whole_segments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
