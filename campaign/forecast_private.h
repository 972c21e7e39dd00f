/* What forecast.c and forecast_campaign.c share. Nobody else includes this. */
#ifndef CAMPAIGN_FORECAST_PRIVATE_H
#define CAMPAIGN_FORECAST_PRIVATE_H

#include "forecast.h"

#define FORECAST_HORIZON_SECONDS (FORECAST_HORIZON_HOURS * (int64_t)3600)

/* The model of a part of the visitors. */
struct forecast_model forecast_part_of(const struct forecast_model *m, double share);
/* Seats that come until then (unix seconds), not beyond the horizon. */
double forecast_expected_until(const struct forecast_model *m, int64_t until);

#endif
