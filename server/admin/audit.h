/* What a request tells the audit log: who, from where, and what was different before and after. */
#ifndef SERVER_ADMIN_AUDIT_H
#define SERVER_ADMIN_AUDIT_H

#include "door.h"

struct json_t;

enum {
    AUDIT_TEXT_MAX = 16384, /* bytes of what was, and of what is; of more only the names are told */
    AUDIT_TARGET_MAX = 128,
    AUDIT_FAILED_LOGINS_PER_MINUTE = 60, /* more are not written */
};

/* JSON texts, malloc'd, or NULL: nothing to say. Zeroed at first. */
struct audit_change {
    char *before, *after;
};
void audit_change_clear(struct audit_change *ch);

/* What differs between two definitions, and the heads that were counted. was NULL: it is made; now NULL: it goes.
 * counts: as they were, by position in was; may be NULL. Out of memory leaves it out. */
void audit_campaign(struct audit_change *ch, const struct campaign *was, const struct campaign *now,
                    const struct group_count *counts, const struct head_counts *heads);
/* What differs between two objects of JSON, which are taken over; either may be NULL. */
void audit_objects(struct audit_change *ch, struct json_t *was, struct json_t *now);

/* An entry in the name of whoever asks. What is pointed at must outlive it; ch may be NULL. */
struct store_audit audit_of(struct conn *c, const char *action, const char *target, const struct audit_change *ch);
/* "campaign:SLUG" or "campaign:SLUG/GROUP" of the request. */
void audit_target_campaign(struct conn *c, char out[AUDIT_TARGET_MAX]);

#endif
