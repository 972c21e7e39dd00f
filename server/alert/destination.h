/* Where alerts are sent: a robot of a chat, a webhook, a mailbox. Its URL and its secret are never shown again. */
#ifndef SERVER_ALERT_DESTINATION_H
#define SERVER_ALERT_DESTINATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "campaign_json.h"

struct json_t;

enum {
    DESTINATION_ID = 9, /* hex, with NUL */
    DESTINATION_NAME_MAX = 128,
    DESTINATION_URL_MAX = 1024,
    DESTINATION_SECRET_MAX = 256,
    DESTINATION_FIELD_MAX = 254,
    DESTINATION_TO_MAX = 640,
    DESTINATION_ZONE_MAX = 64,
    DESTINATION_KEY_MIN = 24, /* bytes of a webhook's key, as Standard Webhooks wants */
    DESTINATION_KEY_MAX = 64,
};

enum destination_kind {
    DESTINATION_WECOM,
    DESTINATION_DINGTALK,
    DESTINATION_FEISHU,
    DESTINATION_SLACK,
    DESTINATION_DISCORD,
    DESTINATION_TELEGRAM,
    DESTINATION_WEBHOOK,
    DESTINATION_MAIL,
    DESTINATION_KINDS
};
const char *destination_kind_name(enum destination_kind k);

enum destination_security { DESTINATION_STARTTLS, DESTINATION_TLS, DESTINATION_PLAIN, DESTINATION_SECURITIES };

struct destination {
    char id[DESTINATION_ID];
    enum destination_kind kind;
    char name[DESTINATION_NAME_MAX + 1];
    bool english; /* else Chinese */
    bool enabled;
    int quiet_from, quiet_to;                /* minutes of the day in its time zone; both 0: never quiet */
    char timezone[DESTINATION_ZONE_MAX + 1]; /* "": the server's */
    char url[DESTINATION_URL_MAX + 1];       /* of all but mail; Telegram: the API's server */
    char secret[DESTINATION_SECRET_MAX + 1]; /* signature key, bot's token, password; "": none */
    char chat[DESTINATION_FIELD_MAX + 1];    /* Telegram */
    /* mail */
    char host[DESTINATION_FIELD_MAX + 1];
    int port;
    enum destination_security security;
    char user[DESTINATION_FIELD_MAX + 1];
    char from[DESTINATION_FIELD_MAX + 1];
    char to[DESTINATION_TO_MAX + 1]; /* addresses, commas between */
};

/* Takes the fields that a request gives into *d; what is wrong goes into errors. is_new: `kind` is given and sets
 * defaults; else it cannot be changed, and what is left out stays. plain: http:// and mail without TLS may be had. */
void destination_patch(struct destination *d, const struct json_t *body, bool is_new, bool plain,
                       struct field_errors *errors);

/* As it is kept, with its secrets; malloc'd, NULL: out of memory. */
char *destination_to_record(const struct destination *d);
bool destination_from_record(const char *json, size_t len, struct destination *ret_destination);
/* As it is shown: of its URL only the host. A new reference; NULL: out of memory. */
struct json_t *destination_to_api(const struct destination *d);

#endif
