/* The Lua scripts, embedded at build time, in the order of enum redis_script (redis_link.h). */
#ifndef STORAGE_SCRIPTS_H
#define STORAGE_SCRIPTS_H

#include <stddef.h>

struct redis_script_text {
    const char *name;
    const char *sha1; /* 40 hex digits, as EVALSHA wants */
    const char *text;
    size_t len;
};

extern const struct redis_script_text redis_script_texts[];

#endif
