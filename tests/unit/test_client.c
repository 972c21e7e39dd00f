/* server/http/client.c: whose request it is behind proxies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "client.h"

/* 10.0.0.0/8 and fd00::/8 */
static bool is_proxy(const void *ctx, const struct in6_addr *a)
{
    (void)ctx;
    return IN6_IS_ADDR_V4MAPPED(a) ? a->s6_addr[12] == 10 : a->s6_addr[0] == 0xfd;
}

static void the_last_that_is_no_proxy_is_the_client(void **state)
{
    static const struct {
        const char *peer, *forwarded, *client;
    } table[] = {
        {"192.0.2.1", NULL, "192.0.2.1"},
        {"192.0.2.1", "198.51.100.1", "192.0.2.1"}, /* a stranger's word */
        {"10.0.0.1", NULL, "10.0.0.1"},
        {"10.0.0.1", "", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "1.1.1.1,198.51.100.1 , 10.0.0.2\t,10.0.0.3", "198.51.100.1"},
        {"10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"},
        {"10.0.0.1", "junk, 198.51.100.1", "198.51.100.1"},
        {"10.0.0.1", "198.51.100.1, junk", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1,", "10.0.0.1"},
        {"10.0.0.1", "198.51.100.1:80", "10.0.0.1"},
        {"10.0.0.1", "unknown", "10.0.0.1"},
        {"fd00::1", "2001:db8::1", "2001:db8::1"},
        {"::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"},
        {"::ffff:192.0.2.1", "198.51.100.1", "192.0.2.1"},
        {"10.0.0.1",
         "9.9.9.9,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,"
         "10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2,10.0.0.2",
         "10.0.0.2"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *f = table[i].forwarded;
        char out[INET6_ADDRSTRLEN];
        client_address(table[i].peer, (struct span){f, f ? strlen(f) : 0}, is_proxy, NULL, out);
        assert_string_equal(out, table[i].client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_that_is_no_proxy_is_the_client)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
