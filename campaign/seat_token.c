/*
 * The text form of a seat's proof, written and read back. The parser takes no spelling but the one that
 * seat_token_write makes, so one seat has one text.
 */
#include "seat_token.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

enum {
    MAC_BYTES = crypto_shorthash_siphashx24_BYTES,
    MAC_TEXT = 22, /* base64url of MAC_BYTES, no padding */
    UID_MAX = sizeof(((struct campaign *)0)->uid) - 1,
    HEX_DIGITS_MAX = 16,
    /* uid, slug, when the group was born, and the signed text, '/' between them: no slug or uid has one, so no two
     * triples make the same bytes.
     */
    SIGNED_MAX = UID_MAX + 1 + CAMPAIGN_SLUG_MAX + 1 + HEX_DIGITS_MAX + 1 + SEAT_TOKEN_MAX,
    HEAD_MAX =
        2 + 2 + GROUP_ID_MAX + 1 + HEX_DIGITS_MAX + 1 + HEX_DIGITS_MAX + 1 + SEAT_TRIED_MAX * (GROUP_ID_MAX + 1) - 1,
};

_Static_assert(MAC_BYTES == 16, "a mac of 128 bits");
_Static_assert(SEAT_TOKEN_KEY == crypto_shorthash_siphashx24_KEYBYTES, "the key of SipHash");
_Static_assert(HEAD_MAX + 1 + MAC_TEXT + 1 <= SEAT_TOKEN_MAX, "the longest token fits");

struct cursor {
    const char *at;
    const char *end;
};

/* base64url of the mac, without padding. libsodium's own takes four times as long to hide what a cookie shows anyway.
 */
static void mac_text(const unsigned char mac[MAC_BYTES], char out[MAC_TEXT])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int i = 0;
    for (; i < MAC_BYTES - 1; i += 3) {
        uint32_t three = (uint32_t)mac[i] << 16 | (uint32_t)mac[i + 1] << 8 | mac[i + 2];
        *out++ = digits[three >> 18];
        *out++ = digits[three >> 12 & 63];
        *out++ = digits[three >> 6 & 63];
        *out++ = digits[three & 63];
    }
    *out++ = digits[mac[i] >> 2];
    *out = digits[(mac[i] & 3) << 4];
}

static char *put_hex(char *out, uint64_t n)
{
    char digits[HEX_DIGITS_MAX];
    int i = HEX_DIGITS_MAX;

    do {
        digits[--i] = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n);
    memcpy(out, digits + i, (size_t)(HEX_DIGITS_MAX - i));
    return out + HEX_DIGITS_MAX - i;
}

static void mac_make(const char *text, size_t len, const char *group, const unsigned char key[SEAT_TOKEN_KEY],
                     const struct campaign *c, char out[MAC_TEXT])
{
    unsigned char bytes[SIGNED_MAX];
    unsigned char mac[MAC_BYTES];
    size_t uid = strnlen(c->uid, UID_MAX);
    size_t slug = strnlen(c->slug, CAMPAIGN_SLUG_MAX);
    int at = campaign_find_group(c, group);
    size_t n = 0;

    memcpy(bytes, c->uid, uid);
    n += uid;
    bytes[n++] = '/';
    memcpy(bytes + n, c->slug, slug);
    n += slug;
    bytes[n++] = '/';
    n = (size_t)(put_hex((char *)bytes + n, at < 0 ? 0 : (uint64_t)c->groups[at].born) - (char *)bytes);
    bytes[n++] = '/';
    memcpy(bytes + n, text, len);
    n += len;
    crypto_shorthash_siphashx24(mac, bytes, n, key);
    mac_text(mac, out);
}

static char *put_id(char *out, const char *id)
{
    size_t len = strnlen(id, GROUP_ID_MAX);

    memcpy(out, id, len);
    return out + len;
}

size_t seat_token_write(const struct seat_token *t, const unsigned char key[SEAT_TOKEN_KEY], const struct campaign *c,
                        char out[SEAT_TOKEN_MAX])
{
    char *p = out;
    size_t head;

    *p++ = '1';
    *p++ = '.';
    *p++ = t->confirmed ? 'c' : 'h';
    *p++ = '.';
    p = put_id(p, t->group);
    *p++ = '.';
    p = put_hex(p, (uint64_t)t->due);
    *p++ = '.';
    p = put_hex(p, (uint64_t)t->serial);
    *p++ = '.';
    for (int i = 0; i < t->tried_count && i < SEAT_TRIED_MAX; i++) {
        if (i > 0)
            *p++ = '~';
        p = put_id(p, t->tried[i]);
    }
    head = (size_t)(p - out);
    *p = '.';
    mac_make(out, head, t->group, key, c, p + 1);
    out[head + 1 + MAC_TEXT] = '\0';
    return head + 1 + MAC_TEXT;
}

static bool take_char(struct cursor *c, char want)
{
    if (c->at == c->end || *c->at != want)
        return false;
    c->at++;
    return true;
}

static bool take_id(struct cursor *c, char out[GROUP_ID_MAX + 1])
{
    const char *begin = c->at;
    size_t len;

    while (c->at < c->end && *c->at != '.' && *c->at != '~')
        c->at++;
    len = (size_t)(c->at - begin);
    if (!group_id_valid(begin, len))
        return false;
    memcpy(out, begin, len);
    out[len] = '\0';
    return true;
}

static bool take_hex(struct cursor *c, int64_t *ret_number)
{
    const char *begin = c->at;
    uint64_t n = 0;

    for (; c->at < c->end && *c->at != '.'; c->at++) {
        char d = *c->at;
        unsigned digit;

        if (d >= '0' && d <= '9')
            digit = (unsigned)(d - '0');
        else if (d >= 'a' && d <= 'f')
            digit = (unsigned)(d - 'a') + 10;
        else
            return false;
        if (c->at - begin >= HEX_DIGITS_MAX)
            return false;
        n = n << 4 | digit;
    }
    if (c->at == begin || (*begin == '0' && c->at - begin > 1) || n > INT64_MAX)
        return false;
    *ret_number = (int64_t)n;
    return true;
}

static bool tried_has(const struct seat_token *t, const char *group)
{
    for (int i = 0; i < t->tried_count; i++) {
        if (strcmp(t->tried[i], group) == 0)
            return true;
    }
    return false;
}

static bool take_tried(struct cursor *c, struct seat_token *t)
{
    char id[GROUP_ID_MAX + 1];

    if (c->at == c->end)
        return true;
    do {
        if (t->tried_count == SEAT_TRIED_MAX || !take_id(c, id) || tried_has(t, id))
            return false;
        memcpy(t->tried[t->tried_count++], id, sizeof(id));
    } while (take_char(c, '~'));
    return c->at == c->end;
}

static bool token_parse(struct cursor c, struct seat_token *t)
{
    if (!take_char(&c, '1') || !take_char(&c, '.'))
        return false;
    if (take_char(&c, 'c'))
        t->confirmed = true;
    else if (!take_char(&c, 'h'))
        return false;
    return take_char(&c, '.') && take_id(&c, t->group) && take_char(&c, '.') && take_hex(&c, &t->due) &&
           take_char(&c, '.') && take_hex(&c, &t->serial) && take_char(&c, '.') && take_tried(&c, t);
}

int seat_token_read(const char *text, size_t len, const unsigned char key[SEAT_TOKEN_KEY], const struct campaign *c,
                    struct seat_token *ret_token)
{
    struct seat_token t = {0};
    char mac[MAC_TEXT + 1];
    size_t head;

    if (len >= SEAT_TOKEN_MAX || len < MAC_TEXT + 1)
        return -EINVAL;
    head = len - MAC_TEXT - 1;
    if (text[head] != '.')
        return -EINVAL;
    if (!token_parse((struct cursor){text, text + head}, &t))
        return -EINVAL;
    mac_make(text, head, t.group, key, c, mac);
    if (sodium_memcmp(mac, text + head + 1, MAC_TEXT) != 0)
        return -EINVAL;
    *ret_token = t;
    return 0;
}

void seat_token_add_tried(struct seat_token *t, const char *group)
{
    size_t len = strnlen(group, GROUP_ID_MAX);

    if (tried_has(t, group))
        return;
    if (t->tried_count == SEAT_TRIED_MAX) {
        memmove(t->tried[0], t->tried[1], sizeof(t->tried[0]) * (SEAT_TRIED_MAX - 1));
        t->tried_count--;
    }
    memcpy(t->tried[t->tried_count], group, len);
    t->tried[t->tried_count][len] = '\0';
    t->tried_count++;
}
