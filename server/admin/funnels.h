/* What the files about funnels share. */
#ifndef SERVER_ADMIN_FUNNELS_H
#define SERVER_ADMIN_FUNNELS_H

#include "door.h"
#include "funnel_record.h"
#include "problem.h"

/* The path's id; false: no funnel can have it, and 404 is answered. */
bool funnels_read_id(struct conn *c, char id[FUNNEL_ID + 1]);
/* Answers that a call of the store failed. */
void funnels_refuse(struct conn *c, enum store_result r, enum problem_call call);
/* Their table in the store. */
extern const struct store_rows funnels_rows;

#endif
