/* Text -> the modules of a QR symbol, by libqrencode. No I/O. */
#ifndef QR_SYMBOL_H
#define QR_SYMBOL_H

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

#endif
