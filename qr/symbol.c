/* libqrencode's symbol as plain modules. */
#include "symbol.h"

#include <errno.h>
#include <qrencode.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int qr_encode(const char *text, size_t len, enum qr_ecc ecc, struct qr_symbol *ret_symbol)
{
    static const QRecLevel levels[] = {
        [QR_ECC_L] = QR_ECLEVEL_L, [QR_ECC_M] = QR_ECLEVEL_M, [QR_ECC_Q] = QR_ECLEVEL_Q, [QR_ECC_H] = QR_ECLEVEL_H};
    if (!len || (unsigned)ecc > QR_ECC_H || memchr(text, '\0', len))
        return -EINVAL;
    if (len > QR_TEXT_MAX)
        return -E2BIG;
    char *copy = strndup(text, len);
    if (!copy)
        return -ENOMEM;
    /* QR_MODE_8 is a hint for what is left over: runs of digits and upper case get their denser modes by themselves. */
    errno = 0;
    QRcode *code = QRcode_encodeString(copy, 0, levels[ecc], QR_MODE_8, 1);
    int why = errno;
    free(copy);
    if (!code)
        return why == ERANGE ? -E2BIG : why == EINVAL ? -EINVAL : -ENOMEM;

    size_t count = (size_t)code->width * (size_t)code->width;
    uint8_t *modules = malloc(count);
    if (!modules) {
        QRcode_free(code);
        return -ENOMEM;
    }
    for (size_t i = 0; i < count; i++)
        modules[i] = code->data[i] & 1; /* the other bits say what a module is for */
    ret_symbol->size = code->width;
    ret_symbol->modules = modules;
    QRcode_free(code);
    return 0;
}

void qr_symbol_clear(struct qr_symbol *s)
{
    free(s->modules);
    *s = (struct qr_symbol){0};
}

static void capitals(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char)(text[i] - 'a' + 'A');
}

/* Bytes of scheme and host, which mean the same in capitals; 0: it is no link of the web. */
static size_t head_of(const char *url)
{
    size_t scheme = strncasecmp(url, "https://", 8) == 0 ? 8 : strncasecmp(url, "http://", 7) == 0 ? 7 : 0;
    size_t host = scheme ? strcspn(url + scheme, "/?#") : 0;
    bool plain = !memchr(url + scheme, '@', host) && !memchr(url + scheme, '[', host); /* no names, no zones */
    return plain ? scheme + host : scheme;
}

int qr_encode_compact(const char *url, size_t len, size_t own, enum qr_ecc ecc, struct qr_symbol *ret_symbol, char *out,
                      char said[QR_COMPACT_SAID])
{
    struct qr_symbol compact;
    int result = qr_encode(url, len, ecc, ret_symbol);
    if (result != 0)
        return result;
    memcpy(out, url, len);
    out[len] = '\0';
    size_t head = head_of(out);
    capitals(out, head);
    capitals(out + len - own, own);
    result = qr_encode(out, len, ecc, &compact);
    if (result == 0 && compact.size < ret_symbol->size) {
        snprintf(said, QR_COMPACT_SAID, "%d of %d modules", compact.size, ret_symbol->size);
        qr_symbol_clear(ret_symbol);
        *ret_symbol = compact;
        return 0;
    }
    bool kept = strpbrk(out + head, "abcdefghijklmnopqrstuvwxyz") != NULL;
    if (result == 0)
        qr_symbol_clear(&compact);
    memcpy(out, url, len);
    snprintf(said, QR_COMPACT_SAID, "not used: %s",
             kept ? "the path may mean something else in capitals" : "it would not be smaller");
    return 0;
}
