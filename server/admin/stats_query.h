/* Which days of statistics a query asks for, and in what form. What is wrong is added to errors. */
#ifndef SERVER_ADMIN_STATS_QUERY_H
#define SERVER_ADMIN_STATS_QUERY_H

#include "campaign_json.h"
#include "request.h"
#include "store.h"

/* ?from= and ?to=: without `to` until today, without `from` 30 days. How many days; 0: an error. */
size_t stats_query_days(struct span query, char ret_days[STORE_STATS_DAYS_MAX][STORE_DAY], struct field_errors *errors);
/* ?format=: whether it is csv. */
bool stats_query_csv(struct span query, struct field_errors *errors);

#endif
