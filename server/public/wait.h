/* The waiting list, from a visitor's side: scan.c hands over to it, scan_send.c sends its pages. */
#ifndef SERVER_PUBLIC_WAIT_H
#define SERVER_PUBLIC_WAIT_H

#include <stdbool.h>

#include "scan_private.h"

/* The scan of one who may stand in the list: they get the seat that is theirs, or see their place. false: they do not;
 * nothing was answered. */
bool wait_come(struct scan *s);

/* A button of the list's pages was pressed, or their script asks. false: it is none of them; nothing was answered. */
bool wait_pressed(struct scan *s);

/* No group is open: the page where a name is left. false: the campaign has no waiting list; nothing was answered. */
bool wait_offer(struct scan *s);

#endif
