/*
 * What a Redis answers, to every reader of replies in storage/. The first byte is an operation, the second says how
 * Redis is found (one, sentinels, a cluster) and whether it greets as it should; behind them stand the answers, one a
 * command, each ended by ANSWER_END. Every connection leads to a Redis that says just this, wherever it was to go.
 *
 * Whatever it says, an operation is called back exactly once, and what it is given then may be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "fuzz.h"
#include "store.h"

enum {
    ANSWER_END = 0xff, /* no byte of RESP, nor of UTF-8 */
    CONNECTIONS_MAX = 24,
    PASSES = 10, /* of the loop, in which nothing need happen */
    ANSWERS_MAX = 64,
    LARGE_MAX = 4,
    LARGE_BYTES = 4 << 20,
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *p);
void __wrap_free(void *p);

/* --- a link's calls, megabytes of which few are used: ASan would mark them all, each time --- */

static struct large {
    void *at;
    size_t len;
} large[LARGE_MAX];

void *__wrap_calloc(size_t count, size_t size)
{
    for (int i = 0; count * size >= LARGE_BYTES && i < LARGE_MAX; i++)
        if (!large[i].at) {
            large[i].len = count * size;
            large[i].at = mmap(NULL, large[i].len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            CHECK(large[i].at != MAP_FAILED);
            return large[i].at;
        }
    return __real_calloc(count, size);
}

void __wrap_free(void *p)
{
    for (int i = 0; p && i < LARGE_MAX; i++)
        if (large[i].at == p) {
            munmap(p, large[i].len);
            large[i].at = NULL;
            return;
        }
    __real_free(p);
}

/* --- a Redis that says what the input has --- */

static struct {
    const uint8_t *at, *end;
    int fds[CONNECTIONS_MAX];
    int count, answers;
    bool greets;
} redis;

static int asked, told;     /* operations, and those that were called back */
static volatile size_t sum; /* of what was given */

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
    int pair[2];
    (void)to, (void)len;
    if (redis.count == CONNECTIONS_MAX) {
        errno = ECONNREFUSED;
        return -1;
    }
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(dup3(pair[0], fd, O_CLOEXEC) == fd && close(pair[0]) == 0);
    redis.fds[redis.count++] = pair[1];
    return 0;
}

int __wrap_getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
    (void)name, (void)service, (void)hints;
    *ret = NULL;
    return EAI_NONAME;
}

/* A client that has closed its end is no matter. */
static void say(int fd, const void *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        bytes = (const char *)bytes + n;
        len -= (size_t)n;
    }
}

static void answer(int fd)
{
    const uint8_t *end = memchr(redis.at, ANSWER_END, (size_t)(redis.end - redis.at));
    size_t len = (size_t)((end ? end : redis.end) - redis.at);
    if (redis.at == redis.end || ++redis.answers > ANSWERS_MAX) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    say(fd, redis.at, len);
    redis.at = end ? end + 1 : redis.end;
}

static bool listen_to(int fd)
{
    static const char role[] = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", pong[] = "+PONG\r\n", one[] = ":1\r\n";
    static char heard[1 << 18];
    ssize_t n = recv(fd, heard, sizeof heard, 0);
    if (n <= 0)
        return false;
    size_t len = (size_t)n;
    bool ping = memmem(heard, len, "\r\nPING\r\n", 8) != NULL;
    if (!redis.greets || !ping) {
        answer(fd);
        return true;
    }
    if (memmem(heard, len, "\r\nROLE\r\n", 8))
        say(fd, role, sizeof role - 1);
    if (memmem(heard, len, "\r\nWAIT\r\n", 8))
        say(fd, one, sizeof one - 1);
    say(fd, pong, sizeof pong - 1);
    return true;
}

static void run(struct event_base *base, const int *until, int count)
{
    for (int quiet = 0; quiet < PASSES && (!until || *until < count); quiet++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        for (int i = 0; i < redis.count; i++)
            if (listen_to(redis.fds[i]))
                quiet = 0;
    }
}

/* --- callbacks: each reads all that it is given --- */

static void use(const char *text)
{
    sum += text ? strlen(text) : 0;
}

static void use_bytes(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        sum += (unsigned char)bytes[i];
}

static void use_campaign(const struct store_campaign *c)
{
    if (!c || !c->definition)
        return;
    use(c->definition->slug);
    use(c->definition->title);
    for (size_t i = 0; c->counts && i < c->definition->group_count; i++)
        sum += (size_t)c->counts[i].used + c->counts[i].suspect;
}

static void result(enum store_result r)
{
    CHECK((unsigned)r < STORE_RESULT_COUNT);
    told++;
}

static void plain_done(void *ctx, enum store_result r)
{
    (void)ctx;
    result(r);
}

static void secret_done(void *ctx, enum store_result r, const unsigned char secret[STORE_SECRET])
{
    (void)ctx;
    result(r);
    if (r == STORE_OK)
        use_bytes((const char *)secret, STORE_SECRET);
}

static void campaign_done(void *ctx, enum store_result r, const struct store_campaign *c)
{
    (void)ctx;
    result(r);
    CHECK(r != STORE_OK || (c && c->definition));
    use_campaign(c);
    if (r == STORE_ALIAS_TAKEN && c && c->taken)
        use(c->taken->owner);
}

static void campaigns_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count)
{
    (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < count; i++)
        use_campaign(&rows[i]);
}

static void list_done(void *ctx, enum store_result r, const struct store_campaign *rows, size_t count, const char *next,
                      int64_t total)
{
    (void)total;
    campaigns_done(ctx, r, rows, count);
    if (r == STORE_OK)
        use(next);
}

static void printed_done(void *ctx, enum store_result r, const struct store_printed *p)
{
    (void)ctx;
    result(r);
    if (r == STORE_OK)
        use_bytes(p->logo, p->logo ? p->logo_len : 0);
}

static void slugs_done(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count)
{
    (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < count; i++)
        CHECK(campaign_slug_valid(slugs[i], strlen(slugs[i])));
}

static void problems_done(void *ctx, enum store_result r, const char (*slugs)[CAMPAIGN_SLUG_MAX + 1], size_t count,
                          int64_t until)
{
    (void)until, (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < count; i++)
        CHECK(campaign_slug_valid(slugs[i], strlen(slugs[i])));
}

static void row_done(void *ctx, enum store_result r, const char *json, size_t len)
{
    (void)ctx;
    result(r);
    if (r == STORE_OK)
        use_bytes(json, len);
}

static void rows_done(void *ctx, enum store_result r, const char *const *json, const size_t *len, size_t count)
{
    (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < count; i++)
        use_bytes(json[i], len[i]);
}

static void number_done(void *ctx, enum store_result r, int64_t n)
{
    (void)ctx;
    result(r);
    sum += (size_t)n;
}

static void facts_done(void *ctx, enum store_result r, const struct store_facts *f)
{
    (void)ctx;
    result(r);
    if (r != STORE_OK)
        return;
    use(f->version);
    use(f->fsync);
    use(f->eviction);
}

static void look_done(void *ctx, enum store_result r, const struct alert_facts *f)
{
    (void)ctx;
    result(r);
    CHECK(r != STORE_OK || f->listed <= ALERT_GROUPS_MAX);
    for (size_t i = 0; r == STORE_OK && i < f->listed; i++)
        use(f->groups[i].id);
}

static void audit_done(void *ctx, enum store_result r, const struct store_audit_row *rows, size_t count,
                       const char *next, int64_t total)
{
    (void)ctx, (void)total;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < count; i++) {
        use(rows[i].id);
        use(rows[i].audit.who);
        use(rows[i].audit.target);
        use(rows[i].audit.before);
        use(rows[i].audit.after);
    }
    if (r == STORE_OK)
        use(next);
}

static void stats_done(void *ctx, enum store_result r, const struct store_stats *stats)
{
    (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < stats->count; i++)
        use(stats->rows[i].key);
}

static void channels_done(void *ctx, enum store_result r, const int64_t (*counts)[STAT_COUNT])
{
    (void)ctx;
    result(r);
    if (r == STORE_OK)
        sum += (size_t)counts[1][STAT_COUNT - 1];
}

static void forecast_done(void *ctx, enum store_result r, const struct store_campaign *sc, const struct forecast *f)
{
    (void)ctx;
    result(r);
    CHECK(r != STORE_OK || (sc && f));
    use_campaign(sc);
}

static void waiting_done(void *ctx, enum store_result r, const struct store_waiting_page *page)
{
    (void)ctx;
    result(r);
    for (size_t i = 0; r == STORE_OK && i < page->count; i++) {
        CHECK((unsigned)page->rows[i].state <= STORE_IN);
        use(page->rows[i].group);
        use(page->rows[i].channel);
        use(page->rows[i].name);
    }
}

static void members_done(void *ctx, enum store_result r, const struct store_members_history *h)
{
    (void)ctx;
    result(r);
    if (r != STORE_OK)
        return;
    use(h->source);
    for (size_t i = 0; i < h->count; i++)
        sum += (size_t)h->points[i].members;
}

static void members_put_done(void *ctx, enum store_result r, enum store_members outcome, int64_t moment,
                             const struct store_campaign *now)
{
    (void)ctx, (void)moment;
    result(r);
    CHECK(r != STORE_OK || (unsigned)outcome <= STORE_MEMBERS_FUTURE);
    use_campaign(now);
}

static void dump_done(void *ctx, enum store_result r, const struct store_dump *d)
{
    (void)ctx;
    result(r);
    if (r != STORE_OK)
        return;
    for (size_t i = 0; i < d->definition->group_count; i++) {
        use(d->groups[i].reported);
        use(d->groups[i].members);
        use(d->groups[i].counted);
    }
    for (size_t i = 0; i < d->bucket_count; i++) {
        use(d->buckets[i].group);
        use_bytes(d->buckets[i].confirmed.at, d->buckets[i].confirmed.len);
        use_bytes(d->buckets[i].reported.at, d->buckets[i].reported.len);
    }
    for (size_t i = 0; i < d->day_count; i++)
        for (size_t k = 0; k < d->days[i].count; k++)
            use(d->days[i].counts[k].name);
    for (size_t i = 0; i < d->place_count; i++) {
        use(d->places[i].id);
        use(d->places[i].line);
        use(d->places[i].name);
    }
}

/* --- operations --- */

static const struct store_audit audit = {"ann", "campaign.change", "campaign:spring", "127.0.0.1", "", "{}"};
static const char days[2][STORE_DAY] = {"2026-11-25", "2026-11-26"};
static struct campaign *campaign;

static void op_rows(struct store *s, unsigned op)
{
    const struct store_rows users = {STORE_USERS, NULL}, links = {STORE_LINKS, "spring"};
    const struct store_alert alert = {"full:spring:", 1, "{}", 1795000000, true};
    char hash[STORE_TOKEN_HASH];
    memset(hash, 'a', sizeof hash - 1);
    hash[sizeof hash - 1] = '\0';
    switch (op) {
    case 0:
        return store_row_get(s, users, "ann", row_done, NULL);
    case 1:
        return store_row_list(s, links, rows_done, NULL);
    case 2:
        return store_row_change(s, links, "x", STORE_PUT, NULL, "{}", &audit, plain_done, NULL);
    case 3:
        return store_token_uses(s, rows_done, NULL);
    case 4:
        return store_session_get(s, hash, row_done, NULL);
    case 5:
        return store_session_put(s, hash, "{}", &audit, plain_done, NULL);
    case 6:
        return store_alert_look(s, "spring", 1795000000, look_done, NULL);
    case 7:
        return store_alert_change(s, &alert, plain_done, NULL);
    case 8:
        return store_alert_list(s, rows_done, NULL);
    case 9:
        return store_alert_sequence(s, number_done, NULL);
    case 10:
        return store_deliveries_take(s, 1, 2, 10, rows_done, NULL);
    case 11:
        return store_delivery_settle(s, "1", 0, "{}", "d", "{}", plain_done, NULL);
    case 12:
        return store_audit_list(s, &(struct store_audit_query){"", "", "", 0, 0, "", 10}, audit_done, NULL);
    case 13:
        return store_audit_walk(s, "", audit_done, NULL);
    case 14:
        return store_audit_restore(s, &(struct store_audit_row){"1-0", 1, audit}, NULL, plain_done, NULL);
    default:
        return store_audit_add(s, &audit, plain_done, NULL);
    }
}

static void op_campaigns(struct store *s, unsigned op)
{
    static const char slugs[2][CAMPAIGN_SLUG_MAX + 1] = {"spring", "autumn"};
    switch (op) {
    case 0:
        return store_campaign_read(s, "spring", campaign_done, NULL);
    case 1:
        return store_campaigns_read(s, slugs, 2, campaigns_done, NULL);
    case 2:
        return store_campaign_save(s, campaign, campaign, NULL, -1, &audit, campaign_done, NULL);
    case 3:
        return store_campaign_save(s, campaign, NULL, NULL, -1, &audit, campaign_done, NULL);
    case 4:
        return store_campaign_delete(s, "spring", 0, &audit, plain_done, NULL);
    case 5:
        return store_campaign_list(s, STORE_BY_SLUG, NULL, "", 10, list_done, NULL);
    case 6:
        return store_campaign_list(s, STORE_BY_PROBLEMS, "x", "", 10, list_done, NULL);
    case 7:
        return store_problems_take(s, slugs, 2, problems_done, NULL);
    case 8:
        return store_problems_note(s, slugs, 2, plain_done, NULL);
    case 9:
        return store_campaign_slugs(s, "", slugs_done, NULL);
    case 10:
        return store_campaign_dump(s, "spring", dump_done, NULL);
    case 11:
        return store_printed_read(s, "spring", true, printed_done, NULL);
    case 12:
        return store_secret(s, secret_done, NULL);
    case 13:
        return store_facts(s, facts_done, NULL);
    default:
        return store_ping(s, plain_done, NULL);
    }
}

static void op_counts(struct store *s, unsigned op)
{
    static const char channels[2][CAMPAIGN_CHANNEL_MAX + 1] = {"shop-1", "f-k3x9ab-2"};
    struct store_stats_wish wish = {op == 1 ? NULL : "spring", op == 2 ? "g1" : NULL, days, 2, STATS_BY_HOUR};
    switch (op) {
    case 0:
    case 1:
    case 2:
        return store_stats_read(s, &wish, stats_done, NULL);
    case 3:
        wish.by = STATS_BY_CHANNEL;
        return store_stats_read(s, &wish, stats_done, NULL);
    case 4:
        return store_channels_read(s, "spring", days, 2, channels, 2, channels_done, NULL);
    case 5:
        return store_forecast_read(s, "spring", 1795000000, forecast_done, NULL);
    case 6:
        return store_waiting_list(s, "spring", 0, 10, waiting_done, NULL);
    case 7:
        return store_waiting_delete(s, "spring", 1, &audit, plain_done, NULL);
    case 8:
        return store_members_read(s, "spring", "g1", members_done, NULL);
    default:
        return store_members_put(s, "spring", "g1", 7, 0, "bot", &audit, members_put_done, NULL);
    }
}

/* The ledger: the campaign is opened first, which takes an answer; who has it asks for a seat. */
static struct {
    struct seats *seats;
    struct alias_finder *finder;
    struct seat_waiter waiter;
    struct seat_place place;
    struct alias_waiter alias;
    struct alias_candidates candidates;
    unsigned op;
} ledger;

/* A seat is of a group that there is. */
static void seat_done(struct seat_waiter *w, enum store_result r)
{
    result(r);
    if (r != STORE_OK || (w->place && w->place->state != SEAT_PLACE_SEAT))
        return;
    CHECK(w->campaign->definition && w->group < w->campaign->definition->group_count);
    CHECK(w->due >= 0 && w->serial >= 0);
}

static void alias_done(struct alias_waiter *w, enum store_result r)
{
    result(r);
    for (int i = 0; r == STORE_OK && i < w->candidates->count; i++)
        use(w->owner[i]);
}

static uint32_t all_lanes(struct seat_waiter *w)
{
    (void)w;
    return 1;
}

static void no_prepared(void *prepared)
{
    (void)prepared;
}

static void ask(struct seat_waiter *w)
{
    static const char avoid[1][GROUP_ID_MAX + 1] = {"g2"};
    asked++;
    w->done = seat_done;
    if (ledger.op == 1) {
        seats_confirm(ledger.seats, w, "g1", 1795000000, 1);
    } else if (ledger.op == 2) {
        w->left = (struct seat_left){"g1", 1795000000, 1, avoid, 1};
        seats_next(ledger.seats, w);
    } else if (ledger.op == 3) {
        ledger.place = (struct seat_place){.action = SEAT_PLACE_JOIN, .id = "AAAAAAAAAAAAAAAAAAAAAA", .name = "Ann"};
        w->place = &ledger.place;
        seats_place(ledger.seats, w);
    } else {
        seats_take(ledger.seats, w);
    }
}

static void opened(struct seat_waiter *w, enum store_result r)
{
    result(r);
    if (r != STORE_OK)
        return;
    CHECK(w->campaign && w->campaign->definition);
    use(w->campaign->definition->title);
    ask(w);
}

static void op_ledger(unsigned op)
{
    ledger.op = op;
    if (op == 5) {
        if (!alias_find_candidates("/old", 4, "a=1", 3, &ledger.candidates))
            abort();
        ledger.alias = (struct alias_waiter){.candidates = &ledger.candidates, .done = alias_done};
        alias_find(ledger.finder, &ledger.alias);
        return;
    }
    ledger.waiter = (struct seat_waiter){.done = opened, .lanes = all_lanes};
    if (seats_open(ledger.seats, "spring", &ledger.waiter))
        abort(); /* nothing is known of it yet */
}

static void begin(struct store *s, unsigned op)
{
    asked++;
    if (op < 16)
        op_rows(s, op);
    else if (op < 32)
        op_campaigns(s, op - 16);
    else if (op < 48)
        op_counts(s, op - 32);
    else
        op_ledger(op - 48);
}

static void logged(enum store_log_level level, const char *event, const char *detail)
{
    (void)level;
    use(event);
    use(detail);
}

static void changed(void *ctx, const char *slug, size_t len)
{
    (void)ctx;
    use_bytes(slug, slug ? len : 0);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char text[] = "{\"slug\":\"spring\",\"title\":\"Spring\",\"aliases\":[\"/old\"],\"groups\":["
                               "{\"url\":\"https://t.me/+x\",\"limit\":3},{\"url\":\"https://t.me/+y\"}]}";
    const struct campaign_moment moment = {.now = 1795000000, .random = {1, 2}};
    struct field_errors e;
    (void)argc, (void)argv;
    campaign = campaign_from_request(text, sizeof text - 1, &moment, &e);
    CHECK(campaign && sodium_init() >= 0);
    return 0;
}

/* How Redis is found: the lower bits of the second byte. */
static void converse(unsigned op, unsigned how)
{
    static const char *const urls[] = {"redis://127.0.0.1", "redis+sentinel://127.0.0.1,127.0.0.2/main",
                                       "redis+cluster://127.0.0.1,127.0.0.2", "unix:///nowhere"};
    char err[STORE_ERR_MAX];
    const struct store_options o = {.redis_url = urls[how & 3],
                                    .key_prefix = "hm:",
                                    .hold_seconds = 60,
                                    .audit_days = 30,
                                    .stats_days = 400,
                                    .wait_replicas = how >> 3 & 1,
                                    .log = logged};
    struct event_base *base = event_base_new();
    CHECK(base);
    struct store *s = store_new(base, &o, err);
    struct changes *c = how & 16 ? changes_new(s, CHANGES_AND_GROUPS, changed, NULL, err) : NULL;
    ledger.seats = seats_new(s, &(struct seats_options){8, no_prepared}, err);
    ledger.finder = alias_finder_new(s);
    CHECK(s && ledger.seats && ledger.finder);
    run(base, NULL, 0);
    begin(s, op);
    run(base, &told, asked);
    changes_free(c);
    store_free(s);
    seats_free(ledger.seats);
    alias_finder_free(ledger.finder);
    event_base_free(base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    redis.at = data + 2;
    redis.end = data + size;
    redis.count = redis.answers = 0;
    redis.greets = !(data[1] & 4);
    asked = told = 0;
    converse(data[0] & 63, data[1]);
    CHECK(told == asked);
    for (int i = 0; i < redis.count; i++)
        close(redis.fds[i]);
    return 0;
}
