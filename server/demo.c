/* See demo.h. */
#include "demo.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "campaign_json.h"
#include "qr.h"
#include "token_record.h"

static const char demo_campaign[] = "{\"slug\":\"demo\",\"title\":\"Huoma demo\",\"groups\":["
                                    "{\"name\":\"Group 1\",\"url\":\"https://weixin.qq.com/g/DEMO-1\",\"limit\":3},"
                                    "{\"name\":\"Group 2\",\"url\":\"https://weixin.qq.com/g/DEMO-2\",\"limit\":3},"
                                    "{\"name\":\"Group 3\",\"url\":\"https://weixin.qq.com/g/DEMO-3\",\"limit\":3}]}";

struct demo {
    struct store *store;
    void (*done)(void *ctx, const char *token);
    void *ctx;
    char token[TOKEN_TEXT];
};

static void demo_done(struct demo *d, bool made)
{
    d->done(d->ctx, made ? d->token : NULL);
    sodium_memzero(d, sizeof *d);
    free(d);
}

static void token_put(void *ctx, enum store_result r)
{
    demo_done(ctx, r == STORE_OK);
}

static void campaign_saved(void *ctx, enum store_result r, const struct store_campaign *c)
{
    struct demo *d = ctx;
    struct token_record record = {.name = "demo", .role = AUTH_OWNER, .created_at = time(NULL)};
    (void)c;
    token_record_draw(&record, d->token);
    char *json = r == STORE_OK ? token_record_to_json(&record) : NULL;
    if (!json) {
        demo_done(d, false);
        return;
    }
    store_row_change(d->store, (struct store_rows){STORE_TOKENS, NULL}, record.hash, STORE_NEW, NULL, json, NULL,
                     token_put, d);
    free(json);
}

static void facts_known(void *ctx, enum store_result r, const struct store_facts *f)
{
    struct demo *d = ctx;
    struct field_errors errors;
    struct campaign_moment m = {.now = time(NULL)};
    struct campaign *c = NULL;
    randombytes_buf(m.random, sizeof m.random);
    if (r == STORE_OK && f->campaigns == 0)
        c = campaign_from_request(demo_campaign, sizeof demo_campaign - 1, &m, &errors);
    if (!c) {
        demo_done(d, false);
        return;
    }
    store_campaign_save(d->store, c, NULL, NULL, -1, NULL, campaign_saved, d);
    campaign_free(c);
}

void demo_start(struct store *s, void (*done)(void *ctx, const char *token), void *ctx)
{
    struct demo *d = calloc(1, sizeof *d);
    if (!d) {
        done(ctx, NULL);
        return;
    }
    d->store = s;
    d->done = done;
    d->ctx = ctx;
    store_facts(s, facts_known, d);
}

/* The first address of an interface that is up, leads out, and is neither a container's bridge nor link-local. */
bool demo_own_url(uint16_t port, char *out, size_t size)
{
    struct ifaddrs *list = NULL;
    char text[INET_ADDRSTRLEN];
    bool found = false;
    if (getifaddrs(&list) != 0)
        return false;
    for (struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP) ||
            i->ifa_flags & IFF_LOOPBACK || strncmp(i->ifa_name, "docker", 6) == 0 ||
            strncmp(i->ifa_name, "br-", 3) == 0 || strncmp(i->ifa_name, "veth", 4) == 0)
            continue;
        struct sockaddr_in a;
        memcpy(&a, i->ifa_addr, sizeof a);
        if (ntohl(a.sin_addr.s_addr) >> 16 == 0xa9fe || !inet_ntop(AF_INET, &a.sin_addr, text, sizeof text))
            continue;
        found = snprintf(out, size, "http://%s:%u", text, port) < (int)size;
    }
    freeifaddrs(list);
    return found;
}

static void print_code(const char *link)
{
    struct qr_symbol symbol;
    size_t len;
    if (qr_encode(link, strlen(link), QR_ECC_M, &symbol) != 0)
        return;
    bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    char *text = qr_to_terminal(&symbol, colour, &len);
    if (text)
        fwrite(text, 1, len, stdout);
    free(text);
    qr_symbol_clear(&symbol);
}

void demo_print(const struct config *config, const char *admin_url, const char *token, const char *setup_link)
{
    char link[CONFIG_TEXT_MAX + 8];
    snprintf(link, sizeof link, "%s/demo", config->base_url);
    printf("\n  Huoma demo: one code, three groups of three seats.\n\n");
    print_code(link);
    printf("\n  Scan it, or open   %s\n", link);
    printf("  The console is at  %s/\n", admin_url);
    if (setup_link)
        printf("  Make your account  %s   (once, within 15 minutes)\n", setup_link);
    printf("  The admin API is   %s/api/v1/campaigns\n", admin_url);
    if (token) {
        printf("  Your owner token   %s   (shown once)\n", token);
        printf("\n  Next: curl -H 'Authorization: Bearer %s' %s/api/v1/campaigns/demo\n\n", token, admin_url);
    } else {
        printf("\n  Next: huoma token create --name me --role owner   (with the same --data-dir)\n\n");
    }
    fflush(stdout);
}
