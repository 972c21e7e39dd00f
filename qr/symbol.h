/* Text -> the modules of a QR symbol, by libqrencode. No I/O. */
#ifndef QR_SYMBOL_H
#define QR_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    QR_TEXT_MAX = 2300,   /* bytes */
    QR_SIZE_MAX = 177,    /* modules a side (ISO/IEC 18004, 5.3.1) */
    QR_COMPACT_SAID = 64, /* bytes, with the NUL */
};

enum qr_ecc { QR_ECC_L, QR_ECC_M, QR_ECC_Q, QR_ECC_H };

struct qr_symbol {
    int size;         /* modules a side, without quiet zone */
    uint8_t *modules; /* size * size; 1 dark; owned */
};

/* 0; -EINVAL empty or has a NUL; -E2BIG too long for the level; -ENOMEM. */
int qr_encode(const char *text, size_t len, enum qr_ecc ecc, struct qr_symbol *ret_symbol);
void qr_symbol_clear(struct qr_symbol *s);

/*
 * As qr_encode, with the link in capitals where they mean the same, if that makes a smaller symbol: one in capitals
 * alone takes fewer bits (alphanumeric mode, ISO/IEC 18004, 7.4.4). These are the scheme and the host of http and https
 * (RFC 3986, 6.2.2.1) and the last `own` bytes, which the caller knows to be read so; small letters anywhere else stay.
 * out: len + 1 bytes, gets what the symbol says. said: "25 of 29 modules", or why the link is as it was. out and said
 * are filled only when 0 is returned.
 */
int qr_encode_compact(const char *url, size_t len, size_t own, enum qr_ecc ecc, struct qr_symbol *ret_symbol, char *out,
                      char said[QR_COMPACT_SAID]);

#endif
