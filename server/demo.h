/* `serve --demo`: what somebody sees who has just cloned the project. */
#ifndef SERVER_DEMO_H
#define SERVER_DEMO_H

#include "config.h"
#include "store.h"

/* Makes the campaign `demo` (three groups of three seats) and an owner's token if the store is empty. done: once, ok or
 * not. Not from inside the call. */
void demo_start(struct store *s, void (*done)(void *ctx, const char *token), void *ctx);

/* Draws the code and says what to do next. token: the one just made, or NULL. setup_link: NULL:
 * there are users. */
void demo_print(const struct config *config, const char *admin_url, const char *token, const char *setup_link);

/* This machine's own address on the network, for a phone beside it: "http://192.168.1.5:8080"; false: it has none. */
bool demo_own_url(uint16_t port, char *out, size_t size);

#endif
