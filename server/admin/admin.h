/* The door for operators: its routes, on one thread's event base. Made, used and freed on that thread. */
#ifndef SERVER_ADMIN_ADMIN_H
#define SERVER_ADMIN_ADMIN_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "store.h"

struct admin;
struct metrics_worker;
struct event_base;

enum { ADMIN_SETUP_SECONDS = 900 };

/* Binds config->admin_listen, not yet accepting. config and store must outlive it. secret: the store's.
 * setup_token: of the
 * link by which the first owner is made, for ADMIN_SETUP_SECONDS from now on; NULL: there are users. NULL, why in err.
 */
struct admin *admin_new(struct event_base *base, const struct config *config, struct store *store,
                        const unsigned char secret[STORE_SECRET], const char *setup_token,
                        const struct metrics_worker *workers, char *err, size_t err_size);
uint16_t admin_port(const struct admin *a);
int admin_open(struct admin *a);
void admin_drain(struct admin *a);
size_t admin_conns(const struct admin *a);
void admin_free(struct admin *a); /* after store_free; NULL is fine */

#endif
