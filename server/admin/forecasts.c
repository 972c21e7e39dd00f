/* GET /campaigns/{slug}/forecast: when it will be full. */
#include <string.h>
#include <time.h>

#include "answer.h"
#include "auth.h"
#include "problem.h"
#include "routes.h"

static void forecast_read(void *ctx, enum store_result r, const struct store_campaign *sc, const struct forecast *f)
{
    struct conn *c = ctx;
    if (r != STORE_OK) {
        problem_reply_store(c, r, PROBLEM_READING);
        return;
    }
    char *text = forecast_to_json(sc->definition, f, time(NULL));
    answer_json(c, 200, text, text ? strlen(text) : 0, 0, NULL);
}

static void forecast_start(struct conn *c)
{
    if (request_read_slug(c))
        store_forecast_read(admin_of(c)->store, request_of(c)->slug, time(NULL), forecast_read, c);
}

void forecasts_show(struct conn *c)
{
    auth_require(c, AUTH_VIEWER, forecast_start);
}
