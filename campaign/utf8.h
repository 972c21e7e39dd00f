/* Characters of UTF-8 text. */
#ifndef CAMPAIGN_UTF8_H
#define CAMPAIGN_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at s (a NUL is one byte), with its code point in *ret_char; 0: no well-formed UTF-8 (RFC
 * 3629). */
size_t utf8_next(const char *s, uint32_t *ret_char);

/* C0, C1 and DEL. */
static inline bool utf8_is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0);
}

#endif
