/*
 * What other programs export, as campaigns to create.
 *
 * A reader takes a file apart and gives each row to a sink: a campaign, or why there is none. Readers know no store and
 * no campaign's rules; those are the sink's, which collects everything before the first campaign is made.
 */
#ifndef IMPORT_IMPORT_H
#define IMPORT_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum {
    IMPORT_HEAD = 4096, /* bytes of a file's begin that `looks` gets */
};

/* line: where in the file the row begins, from 1 on; 0: the file as a whole. Texts are UTF-8 and only read during the
 * call; a sink may print them as they are only after it has looked at them. */
struct import_sink {
    void *ctx;
    /*
     * What POST /api/v1/campaigns takes, as an object; it is taken over. `slug` must be there, and come out the same
     * each time the file is read. A group may also have `confirmed`, an integer: seats that are taken already.
     */
    void (*campaign)(void *ctx, long line, json_t *definition);
    /* A row that makes no campaign. what: its name, as "/AbC" or "" when it has none; why: half a sentence. */
    void (*refuse)(void *ctx, long line, const char *what, const char *why);
    /* What is lost or changed in a row that makes a campaign nevertheless. */
    void (*note)(void *ctx, long line, const char *text);
};

struct import_options {
    /* The text of the QR code in an image that a row names (the last part of its address, from a stranger) into text,
     * NUL-terminated; NULL, or why there is none. NULL itself: no images were given. */
    const char *(*read_image)(void *ctx, const char *name, char *text, size_t room);
    void *ctx;
};

struct import_format {
    const char *name; /* as --from takes it */
    /* Whether a file that begins so is of this format; NULL: it is not to be told from its begin. len: IMPORT_HEAD at
     * most. */
    bool (*looks)(const char *head, size_t len);
    /*
     * Reads the file to its end. 0; or -errno when it cannot be read, with the rows before that given already. What was
     * given lacks something if json_memory_was_short() says so.
     */
    int (*read)(const char *path, const struct import_options *options, const struct import_sink *sink);
};

/* All formats but our own, ended by one without a name. The first one whose `looks` says so reads a file without
 * --from.
 */
extern const struct import_format import_formats[];

#endif
