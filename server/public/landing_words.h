/* What the pages of a visitor say, in Chinese and English: const tables, and how a date is written. landing.c's own. */
#ifndef SERVER_PUBLIC_LANDING_WORDS_H
#define SERVER_PUBLIC_LANDING_WORDS_H

#include "landing.h"

struct landing_words {
    const char *alt, *next, *save, *join, *join_why, *tap_say, *preview_say, *again, *prove_say, *prove_busy,
        *wait_before, *wait_after;
    const char *prove_wait, *prove_early; /* take seconds */
    const char *until, *begins;           /* take a date */
    const char *contact, *contact_alt;    /* the fallback's code */
    const char *list_say, *list_none, *list_more /* takes a number */, *list_fallback, *list_fallback_name;
    const char *report, *report_subject /* of a mail, percent-encoded (RFC 6068); behind it stands the slug */;
};
/* The waiting list's. "#" stands for a number that the page's script changes. */
struct landing_wait_words {
    const char *label[2], *wrong[2], *say[2]; /* by what is asked: a nickname, a number */
    const char *queue, *privacy /* takes days */;
    const char *place, *before, *next, *how /* takes a time */, *minutes, *hours /* take a number */;
    const char *missed, *lost, *leave;
};
extern const struct landing_wait_words landing_wait_words[LANDING_LANGUAGES];

extern const struct landing_words landing_words[LANDING_LANGUAGES];

struct landing_message_words {
    const char *head, *say;
};

struct landing_message_text {
    struct landing_message_words in[LANDING_LANGUAGES];
    const char *tone; /* class of the mark */
    bool again;       /* a button to try again makes sense */
};
extern const struct landing_message_text landing_messages[LANDING_MESSAGES];

/* How to get into a group that is shown as a code, by where the page stands. */
enum landing_way {
    LANDING_WAY_PRESS,     /* long-press the code */
    LANDING_WAY_SAVE,      /* save it, scan it with the app */
    LANDING_WAY_OPEN,      /* scan it, or tap the link */
    LANDING_WAY_LEAVE_APP, /* the app does not open such links */
    LANDING_WAY_TAP,       /* tap the button */
    LANDING_WAY_PHONE,     /* this is no phone: scan it with one */
};

struct landing_platform {
    enum landing_way in[LANDING_APPS];
    const char *open[LANDING_LANGUAGES]; /* the label of the link */
};
extern const struct landing_platform landing_platforms[PLATFORM_COUNT];

/* What a group is, in a word or two. */
extern const char *const landing_platform_names[PLATFORM_COUNT][LANDING_LANGUAGES];

const char *landing_way_text(enum landing_way way, enum platform p, enum landing_language lang);

/* "11 月 29 日" / "29 Nov", and the time of day if asked for, in the process's time zone. */
void landing_date_write(char *out, size_t size, int64_t seconds, bool clock, enum landing_language lang);

#endif
