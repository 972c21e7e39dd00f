/* server/http/conn*.c, door.c and crowd.c: how a connection ends, and what it gives back. */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <event2/event.h>

#include "conn.h"
#include "reply.h"
#include "route.h"

enum { KEPT = 2, MOST = 4, PIECE = 16384, ROUNDS = 10000, WAIT_US = 500 };

struct world {
    struct event_base *base;
    struct http_door *door;
    struct conn *handled; /* the request under way, or the stream */
    int streams_ended;
};

/* --- the server --- */

static void answer(struct conn *c, int status)
{
    struct reply r;
    reply_begin(&r, c, status);
    reply_end(&r, "ok", 2);
}

static void at_once(struct conn *c)
{
    answer(c, 200);
}

static void later(struct conn *c)
{
    ((struct world *)conn_owner(c))->handled = c;
}

static void stream_ended(struct conn *c)
{
    ((struct world *)conn_owner(c))->streams_ended++;
}

static void stream(struct conn *c)
{
    struct world *w = conn_owner(c);
    struct reply r;
    reply_begin(&r, c, 200);
    w->handled = reply_stream_body(&r, NULL, stream_ended) ? c : NULL;
}

static bool counts(const void *owner, const struct in6_addr *peer)
{
    (void)owner, (void)peer;
    return true;
}

static int setup(void **state)
{
    static const struct http_route routes[] = {
        {HTTP_M_GET, "/", at_once, 0}, {HTTP_M_GET, "/later", later, 0}, {HTTP_M_GET, "/stream", stream, 0}};
    static struct world w;
    char err[128];
    memset(&w, 0, sizeof w);
    w.base = event_base_new();
    const struct http_door_options o = {.routes = routes,
                                        .route_count = sizeof routes / sizeof *routes,
                                        .conns_max = 100,
                                        .address_kept = KEPT,
                                        .address_max = MOST,
                                        .counts = counts,
                                        .owner = &w,
                                        .refuse = answer};
    w.door = w.base ? http_door_new(w.base, &o, "127.0.0.1", 0, err, sizeof err) : NULL;
    *state = &w;
    return w.door ? http_door_open(w.door) : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    http_door_free(w->door);
    event_base_free(w->base);
    return 0;
}

static void turn(struct world *w)
{
    event_base_loop(w->base, EVLOOP_NONBLOCK);
    usleep(WAIT_US);
}

static void wait_for_conns(struct world *w, size_t count)
{
    for (int i = 0; i < ROUNDS && http_door_conns(w->door) != count; i++)
        turn(w);
    assert_int_equal(http_door_conns(w->door), count);
}

static void wait_for_handler(struct world *w)
{
    for (int i = 0; i < ROUNDS && !w->handled; i++)
        turn(w);
    assert_non_null(w->handled);
}

/* --- the client --- */

static int speak(struct world *w, const char *bytes)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(http_door_port(w->door))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), strlen(bytes));
    return fd;
}

/* What has come, as text; "": nothing, and it was closed. */
static const char *hear(struct world *w, int fd)
{
    static char bytes[1024];
    ssize_t n = -1;
    for (int i = 0; i < ROUNDS && n < 0; i++) {
        turn(w);
        n = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
        if (n < 0 && errno == ECONNRESET)
            n = 0;
    }
    assert_true(n >= 0);
    bytes[n] = '\0';
    return bytes;
}

static void reset(int fd)
{
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    close(fd);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

/* --- the ways out --- */

static void it_is_answered_and_leaves(struct world *w)
{
    int fd = speak(w, GET("/"));
    assert_non_null(strstr(hear(w, fd), "200"));
    close(fd);
}

static void it_leaves_in_its_head(struct world *w)
{
    int fd = speak(w, "GET / HTTP/1.1\r\nHo");
    wait_for_conns(w, 1);
    reset(fd);
}

static void it_is_refused(struct world *w)
{
    int fd = speak(w, "\r\n\r\nno request at all\r\n\r\n");
    assert_non_null(strstr(hear(w, fd), "400"));
    close(fd);
}

static void it_leaves_before_its_answer(struct world *w)
{
    int fd = speak(w, GET("/later"));
    wait_for_handler(w);
    reset(fd);
    for (int i = 0; i < 20; i++)
        turn(w);
    assert_int_equal(http_door_conns(w->door), 1);
    answer(w->handled, 200);
}

static void its_stream_is_ended(struct world *w)
{
    int fd = speak(w, GET("/stream"));
    wait_for_handler(w);
    conn_stream_end(w->handled);
    assert_int_equal(w->streams_ended, 1);
    close(fd);
}

static void it_leaves_its_stream(struct world *w)
{
    int fd = speak(w, GET("/stream"));
    wait_for_handler(w);
    close(fd);
    wait_for_conns(w, 0);
    assert_int_equal(w->streams_ended, 1);
}

static void one_more_than_may_be_is_closed_at_once(struct world *w)
{
    int fds[MOST];
    for (size_t i = 0; i < MOST; i++) {
        fds[i] = speak(w, "GET /");
        wait_for_conns(w, i + 1);
    }
    int more = speak(w, GET("/"));
    assert_string_equal(hear(w, more), "");
    assert_int_equal(http_door_conns(w->door), MOST);
    close(more);
    for (size_t i = 0; i < MOST; i++)
        close(fds[i]);
}

/* As many are kept as before, and of one more it is seen that it would not be. */
static void check_places(struct world *w)
{
    int fds[KEPT + 1];
    for (size_t i = 0; i <= KEPT; i++) {
        fds[i] = speak(w, GET("/"));
        bool closes = strstr(hear(w, fds[i]), "Connection: close") != NULL;
        assert_int_equal(closes, i == KEPT);
    }
    for (size_t i = 0; i <= KEPT; i++)
        close(fds[i]);
    wait_for_conns(w, 0);
}

static void every_way_out_gives_the_place_of_the_address_back(void **state)
{
    static void (*const ways[])(struct world * w) = {it_is_answered_and_leaves,
                                                     it_leaves_in_its_head,
                                                     it_is_refused,
                                                     it_leaves_before_its_answer,
                                                     its_stream_is_ended,
                                                     it_leaves_its_stream,
                                                     one_more_than_may_be_is_closed_at_once};
    struct world *w = *state;
    check_places(w);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        w->handled = NULL;
        w->streams_ended = 0;
        ways[i](w);
        wait_for_conns(w, 0);
        check_places(w);
    }
}

/* --- the end of a stream --- */

/* Its last bytes may go out when the event for which it waited before has not had its turn yet. */
static void a_stream_that_is_whole_waits_for_its_client_to_leave(void **state)
{
    static char piece[PIECE];
    struct world *w = *state;
    int fd = speak(w, GET("/stream"));
    wait_for_handler(w);
    while (conn_stream_unsent(w->handled) == 0)
        assert_true(conn_stream_send(w->handled, piece, sizeof piece));
    for (int i = 0; i < ROUNDS && conn_stream_unsent(w->handled) > 0; i++) {
        while (recv(fd, piece, sizeof piece, MSG_DONTWAIT) > 0)
            continue;
        usleep(WAIT_US);
        assert_true(conn_stream_send(w->handled, "x", 1));
    }
    assert_int_equal(conn_stream_unsent(w->handled), 0);
    conn_stream_finish(w->handled);
    for (int i = 0; i < 20; i++)
        turn(w);
    assert_int_equal(http_door_conns(w->door), 1);
    assert_int_equal(send(fd, "more", 4, MSG_NOSIGNAL), 4); /* a reset would lose what it has not read yet */
    ssize_t n;
    while ((n = recv(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0)
        turn(w);
    assert_int_equal(n, 0);
    close(fd);
    wait_for_conns(w, 0);
    assert_int_equal(w->streams_ended, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_way_out_gives_the_place_of_the_address_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_that_is_whole_waits_for_its_client_to_leave, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
