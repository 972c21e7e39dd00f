/* A campaign out of the store, and how `huoma campaign` shows it. */
#ifndef SERVER_CLI_CAMPAIGN_VIEW_H
#define SERVER_CLI_CAMPAIGN_VIEW_H

#include "campaign_forecast.h"
#include "cli.h"
#include "session.h"

/* A campaign out of the store, kept beyond its callback. */
struct held_campaign {
    struct session *session;
    enum store_result result;
    struct campaign *campaign;
    struct group_count *counts;
    struct store_alias_taken taken; /* with STORE_ALIAS_TAKEN */
};

/* store_campaign_done and store_done for a struct held_campaign. */
void held_campaign_keep(void *ctx, enum store_result r, const struct store_campaign *c);
void held_campaign_keep_result(void *ctx, enum store_result r);
enum store_result held_campaign_read(struct session *s, const char *slug, struct held_campaign *h);
void held_campaign_clear(struct held_campaign *h);

struct campaign_totals {
    int64_t used, limit; /* limit -1: none */
    const char *state;
};
struct campaign_totals campaign_totals_of(const struct campaign *c, const struct group_count *counts, int64_t now);
/* "120 / 200" or "120, no limit" */
void campaign_seats_text(const struct campaign_totals *t, char out[48]);

/* forecast: NULL: nothing is said of it. */
enum cli_exit campaign_print(const struct config *config, const struct held_campaign *h,
                             const struct held_forecast *forecast, bool json);
/* One of its groups. */
enum cli_exit campaign_print_group(const struct held_campaign *h, const char *id, bool json);
enum cli_exit campaign_fail(const char *slug, enum store_result r);
/* --if-version asked for another version than the one that is there. */
enum cli_exit campaign_fail_version(const struct campaign *c);

/* campaign_list.c */
enum cli_exit campaign_run_list(const struct config *config, int argc, char **argv);
/* campaign_edit.c */
enum cli_exit campaign_run_create(const struct config *config, int argc, char **argv);
enum cli_exit campaign_run_edit(const struct config *config, int argc, char **argv);
enum cli_exit campaign_run_stop(const struct config *config, int argc, char **argv);
enum cli_exit campaign_run_start(const struct config *config, int argc, char **argv);
enum { CAMPAIGN_TRIES = 8 }; /* of a change that others come before */
struct campaign_moment campaign_moment_now(const struct config *config);
/* The text of a JSON file, or of stdin for "-". malloc'd; NULL: said on stderr. */
char *campaign_read_json(const char *path, size_t *len);
/* One line for each. */
enum cli_exit campaign_fail_fields(const struct field_errors *e);

/* campaign_batch.c */
enum cli_exit campaign_run_batch(const struct config *config, int argc, char **argv);
/* campaign_logo.c */
enum cli_exit campaign_run_logo(const struct config *config, int argc, char **argv);
/* campaign_owner_link.c */
enum cli_exit campaign_run_owner_link(const struct config *config, int argc, char **argv);

/* campaign_members.c */
enum cli_exit campaign_run_members(const struct config *config, int argc, char **argv);
/* campaign_waiting.c */
enum cli_exit campaign_run_stats(const struct config *config, int argc, char **argv);
enum cli_exit campaign_run_waiting(const struct config *config, int argc, char **argv);

#endif
