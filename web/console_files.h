/* The console's built files. Written by embed_console.mjs; console_none.c stands in where there is no Node. */
#ifndef WEB_CONSOLE_FILES_H
#define WEB_CONSOLE_FILES_H

#include <stddef.h>

struct console_file {
    const char *path; /* "/index.html", "/assets/main-1a2b3c4d.js" */
    const char *type; /* for Content-Type */
    const char *etag; /* of its bytes, in quotes */
    const char *bytes;
    size_t len;
    const char *gzip; /* NULL: not smaller that way */
    size_t gzip_len;
};

extern const struct console_file console_files[];
extern const size_t console_file_count; /* 0: built without the console */

#endif
