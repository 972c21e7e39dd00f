/* PUT and DELETE of a campaign's logo, when the request is known to be a good one. */
#ifndef SERVER_ADMIN_LOGO_CHANGE_H
#define SERVER_ADMIN_LOGO_CHANGE_H

struct conn;

/* By the request's method; of a PUT the body is the file, a picture. Answers. */
void logo_change_start(struct conn *c);

#endif
