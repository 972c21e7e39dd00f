/* What single keys ask of their text, beyond its type. For the table: each may bring the text into its normal form;
 * false, why in why. */
#ifndef CONFIG_CONFIG_CHECKS_H
#define CONFIG_CONFIG_CHECKS_H

#include "config_keys.h"

bool config_check_base_url(char *text, char why[CONFIG_WHY_MAX]);
bool config_check_abuse_contact(char *text, char why[CONFIG_WHY_MAX]);
bool config_check_redis_url(char *text, char why[CONFIG_WHY_MAX]);
bool config_check_key_prefix(char *text, char why[CONFIG_WHY_MAX]);
bool config_check_admin_token(char *text, char why[CONFIG_WHY_MAX]);
bool config_check_timezone(char *text, char why[CONFIG_WHY_MAX]);

#endif
