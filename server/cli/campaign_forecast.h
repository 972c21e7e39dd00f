/* When a campaign will be full, as `huoma campaign show` tells it. */
#ifndef SERVER_CLI_CAMPAIGN_FORECAST_H
#define SERVER_CLI_CAMPAIGN_FORECAST_H

#include "cli.h"
#include "session.h"

/* Kept beyond its callback. */
struct held_forecast {
    struct session *session;
    char *text; /* lines, "" when there is nothing to say; NULL: it could not be read */
    char *json; /* as the API has it; likewise */
};

void held_forecast_read(struct session *s, const char *slug, struct held_forecast *h);
void held_forecast_clear(struct held_forecast *h);

#endif
