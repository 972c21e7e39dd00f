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

/* groups.c */
void groups_create(struct conn *c);
void groups_show(struct conn *c);
void groups_patch(struct conn *c);
void groups_delete(struct conn *c);

/* console.c */
void console_index(struct conn *c);
void console_asset(struct conn *c);

/* prints.c */
void prints_svg(struct conn *c);
void prints_png(struct conn *c);

#endif
