/*
 * The table of keys, shared by the files of this folder: what a key is called, what it may be, what it means.
 *
 * A value travels as text, whatever its source; its type parses and shows it, a key's own check looks closer.
 */
#ifndef CONFIG_CONFIG_KEYS_H
#define CONFIG_CONFIG_KEYS_H

#include "config.h"

enum {
    CONFIG_WHY_MAX = 160,
    CONFIG_ECHO_MAX = 48,    /* bytes of a refused value that are repeated */
    CONFIG_SOURCE_MAX = 128, /* bytes of a file name in an error */
    CONFIG_KEY_COUNT = 28,
};

enum config_source { FROM_FILE = 1, FROM_ENV = 2, FROM_FLAG = 4, FROM_ANY = 7 };

enum config_form { FORM_TEXT, FORM_NUMBER, FORM_LIST, FORM_SWITCH };

struct config_key;

struct config_type {
    enum config_form form;
    /* Text -> the field at `at`. false, why in why. A list's parse adds one element. */
    bool (*parse)(const struct config_key *k, void *at, const char *text, char why[CONFIG_WHY_MAX]);
    void (*show)(const struct config_key *k, const void *at, char *out, size_t size);
    void (*clear)(void *at); /* of a list: takes all elements out */
};

struct config_key {
    const char *name;               /* as in the file; environment and flag are derived from it */
    const struct config_type *type; /* NULL: `config`, which is no field */
    size_t at;                      /* the field's offset in struct config */
    long min, max;                  /* numbers: range; texts: bytes */
    const char *fallback;           /* as text; NULL: made by the loader, or none */
    const char *fallback_shown;     /* where that says too little */
    const char *value;              /* in the help: --listen HOST:PORT */
    const char *meaning;
    unsigned from;                                       /* enum config_source */
    bool secret;                                         /* never shown, never repeated */
    const char *const *words;                            /* for words: in the order of the enum */
    bool (*check)(char *text, char why[CONFIG_WHY_MAX]); /* texts; may bring them into their normal form */
};

extern const struct config_key config_keys[CONFIG_KEY_COUNT];

#endif
