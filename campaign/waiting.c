/* What visitors leave to wait: checked. */
#include "waiting.h"

#include <string.h>

#include "utf8.h"

static bool is_number(const char *text, size_t len)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ+-_ ()";
    return len >= 5 && len <= WAITING_NUMBER_MAX && strspn(text, allowed) == len;
}

static bool is_nickname(const char *text, size_t len)
{
    int count = 0;
    for (const char *p = text; p < text + len; count++) {
        uint32_t c = 0;
        size_t bytes = utf8_next(p, &c);
        if (bytes == 0 || utf8_is_control(c))
            return false;
        p += bytes;
    }
    return count > 0 && count <= WAITING_NAME_MAX;
}

bool waiting_read_name(enum waiting_ask ask, const char *text, char out[WAITING_BYTES_MAX + 1])
{
    text += strspn(text, " ");
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len > WAITING_BYTES_MAX)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return ask == WAITING_NUMBER ? is_number(out, len) : is_nickname(out, len);
}
