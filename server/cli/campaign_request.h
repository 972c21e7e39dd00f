/* What `huoma campaign create` and `edit` are told in options, as the JSON that the API takes. No I/O but errors. */
#ifndef SERVER_CLI_CAMPAIGN_REQUEST_H
#define SERVER_CLI_CAMPAIGN_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"
#include "group_request.h"

struct campaign_request {
    char slug[CAMPAIGN_SLUG_MAX + 1]; /* edit: which; "" not given */
    const char *json_file;            /* --json; NULL: not given */
    bool json_out;                    /* print what came of it as JSON */
    char *json;                       /* of the options; owned; "{}" when they say nothing of the campaign itself */
    struct group_edits groups;        /* edit */
    int64_t if_version;               /* edit: the version that it must have; 0: any */
    bool empty;                       /* no option said anything */
};

/* false: said on stderr. Free it in either case. */
bool campaign_request_read(struct campaign_request *r, bool edit, int argc, char **argv);
void campaign_request_clear(struct campaign_request *r);

/* A slug as a person types it, in lower case; false: no campaign can have it. */
bool campaign_request_slug(const char *text, char slug[CAMPAIGN_SLUG_MAX + 1]);

/* A version as a person types it: 1 or more. */
bool campaign_request_version(const char *text, int64_t *version);

#endif
