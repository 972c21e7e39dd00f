/* Text -> the modules of a QR symbol, by libqrencode. No I/O. */
#ifndef QR_SYMBOL_H
#define QR_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { QR_TEXT_MAX = 2300 }; /* bytes */

enum qr_ecc { QR_ECC_L, QR_ECC_M, QR_ECC_Q, QR_ECC_H };

struct qr_symbol {
    int size;         /* modules a side, without quiet zone */
    uint8_t *modules; /* size * size; 1 dark; owned */
};

/* 0; -EINVAL empty or has a NUL; -E2BIG too long for the level; -ENOMEM. */
int qr_encode(const char *text, size_t len, enum qr_ecc ecc, struct qr_symbol *ret_symbol);
void qr_symbol_clear(struct qr_symbol *s);

/*
 * The link in capitals, which a symbol holds in fewer bits (alphanumeric mode, ISO/IEC 18004, 7.4.4), into out (len + 1
 * bytes, NUL-terminated). false, and out is not to be used: it has characters that this mode lacks, or capitals that
 * may mean something else. Scheme and host mean the same in capitals (RFC 3986, 6.2.2.1), and so do campaigns' paths.
 */
bool qr_compact(const char *url, size_t len, char *out);

#endif
