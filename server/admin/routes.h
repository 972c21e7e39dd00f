/* The handlers, by file. */
#ifndef SERVER_ADMIN_ROUTES_H
#define SERVER_ADMIN_ROUTES_H

struct conn;

/* campaigns.c */
void campaigns_list(struct conn *c);
void campaigns_create(struct conn *c);
void campaigns_show(struct conn *c);
void campaigns_patch(struct conn *c);
void campaigns_delete(struct conn *c);
void campaigns_order(struct conn *c);

/* batch.c */
void batches_create(struct conn *c);

/* groups.c */
void groups_create(struct conn *c);
void groups_show(struct conn *c);
void groups_patch(struct conn *c);
void groups_delete(struct conn *c);

/* console.c */
void console_index(struct conn *c);
void console_asset(struct conn *c);

/* sessions.c */
void session_login(struct conn *c);
void session_logout(struct conn *c);
void session_own_password(struct conn *c);
void session_setup(struct conn *c);

/* users.c */
void users_list(struct conn *c);
void users_create(struct conn *c);
void users_show(struct conn *c);
void users_patch(struct conn *c);
void users_delete(struct conn *c);

/* tokens.c */
void tokens_list(struct conn *c);
void tokens_create(struct conn *c);
void tokens_show(struct conn *c);
void tokens_delete(struct conn *c);

/* alert_list.c */
void alerts_list(struct conn *c);
void alert_settings_show(struct conn *c);
void alert_settings_change(struct conn *c);
void alert_settings_delete(struct conn *c);

/* alert_destinations.c */
void destinations_list(struct conn *c); /* one or all */
void destinations_create(struct conn *c);
void destinations_patch(struct conn *c);
void destinations_delete(struct conn *c);
void destinations_test(struct conn *c);

/* owner_links.c */
void owner_links_list(struct conn *c);
void owner_links_create(struct conn *c);
void owner_links_delete(struct conn *c);
void owner_show(struct conn *c);
void owner_patch(struct conn *c);

/* events.c */
void events_stream(struct conn *c);

/* audit_log.c */
void audit_list(struct conn *c);

/* funnels.c */
void funnels_list(struct conn *c);
void funnels_create(struct conn *c);
void funnels_show(struct conn *c);
void funnels_patch(struct conn *c);
void funnels_delete(struct conn *c);
/* funnels_stats.c */
void funnels_stats(struct conn *c);

/* members.c */
void members_show(struct conn *c);
void members_put(struct conn *c);
/* waiting.c */
void waiting_list(struct conn *c);
void waiting_delete(struct conn *c);

/* metrics.c */
void metrics_show(struct conn *c);

/* forecasts.c */
void forecasts_show(struct conn *c);

/* stats.c */
void stats_all(struct conn *c);
void stats_campaign(struct conn *c);

/* prints.c */
void prints_get(struct conn *c);

/* logos.c */
void logos_get(struct conn *c);
void logos_put(struct conn *c);
void logos_delete(struct conn *c);

/* prints_sheet.c */
void prints_sheet_csv(struct conn *c);
void prints_sheet_pdf(struct conn *c);

#endif
