/* Files as UTF-8. */
#ifndef IMPORT_IMPORT_TEXT_H
#define IMPORT_IMPORT_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "import.h"

enum {
    IMPORT_FILE_MAX = 256 * 1024 * 1024,   /* bytes of a file */
    IMPORT_CONVERT_MAX = 64 * 1024 * 1024, /* bytes of one that is no UTF-8 */
};

/* A file that is open for its whole text. What it is owned by: import_text_close. */
struct import_text {
    FILE *f;
    char *converted; /* what f reads, if the file was no UTF-8 */
};

/*
 * Opens a file behind its byte order mark. One that is no UTF-8 is taken for GB18030 (GBK and GB2312 are parts of it:
 * what Excel writes in China), with a note. 0; -EINVAL: refused, and said so to the sink; or -errno of a file that
 * cannot be read.
 */
int import_text_open(struct import_text *t, const char *path, const struct import_sink *sink);
void import_text_close(struct import_text *t);

/*
 * A date as other programs write them to RFC 3339: "2026-11-29", with or without "14:20" or "14:20:05", a fraction and
 * an offset ("Z", "+08", "+0800", "+08:00"), the parts apart by blanks or "T"; without an offset it is this machine's
 * local time. A date alone means its first second, or with day_end the first second of the next day. false: it is none.
 */
bool import_date(const char *text, bool day_end, char out[32]);

/* A number without sign, fraction or blanks, at most high. false: it is none. */
bool import_number(const char *text, int64_t high, int64_t *out);

#endif
