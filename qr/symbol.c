/* libqrencode's symbol as plain modules. */
#include "symbol.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

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

bool qr_compact(const char *url, size_t len, char *out)
{
    static const char set[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    for (size_t i = 0; i < len; i++) {
        bool lower = url[i] >= 'a' && url[i] <= 'z';
        if (url[i] >= 'A' && url[i] <= 'Z')
            return false; /* whoever wrote it may have meant that */
        out[i] = (char)(lower ? url[i] - 'a' + 'A' : url[i]);
        if (url[i] == '%' || !memchr(set, out[i], sizeof set - 1))
            return false;
    }
    out[len] = '\0';
    return true;
}
