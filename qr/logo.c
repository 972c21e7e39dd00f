/* See logo.h. */
#include "logo.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "decode_private.h"

const char *qr_logo_reason(enum qr_decoded d)
{
    return d == QR_DECODE_TOO_LARGE ? "is larger than 512 KB or 2048 pixels a side"
           : d == QR_DECODE_NO_CODE ? "is smaller than 16 pixels a side"
                                    : qr_decode_reason(d);
}

void qr_logo_clear(struct qr_logo *logo)
{
    free(logo->argb);
    *logo = (struct qr_logo){0, 0, NULL};
}

/* What the program says is a stranger's too, once a file has taken it over: sizes are looked at again. */
static enum qr_decoded hear(const struct decode_child *c, struct qr_logo *ret)
{
    struct decode_logo_answer a = {0, 0, 0};
    ssize_t n = decode_child_receive(c, &a, sizeof(a));
    if (n < 0)
        return QR_DECODE_LATE;
    if (n == 1 && *(const uint8_t *)&a == QR_DECODE_NO_SANDBOX) /* a byte alone, as for any image */
        return QR_DECODE_NO_SANDBOX;
    if (n != sizeof(a) || a.decoded >= QR_DECODE_LATE)
        return QR_DECODE_CRASHED;
    if (a.decoded != QR_DECODED)
        return (enum qr_decoded)a.decoded;
    if (a.width < 1 || a.height < 1 || a.width > QR_LOGO_SIDE || a.height > QR_LOGO_SIDE)
        return QR_DECODE_CRASHED;
    size_t size = (size_t)a.width * a.height * sizeof(*ret->argb);
    ret->argb = malloc(size);
    ret->width = (int)a.width;
    ret->height = (int)a.height;
    n = ret->argb ? decode_child_receive(c, ret->argb, size) : 0;
    if (n == (ssize_t)size)
        return QR_DECODED;
    qr_logo_clear(ret);
    return n < 0 ? QR_DECODE_LATE : QR_DECODE_CRASHED;
}

enum qr_decoded qr_logo_decode(const void *file, size_t len, struct qr_logo *ret)
{
    struct decode_child c;
    *ret = (struct qr_logo){0, 0, NULL};
    if (len > QR_LOGO_BYTES_MAX)
        return QR_DECODE_TOO_LARGE;
    if (decode_child_start(&c, DECODE_LOGO) != 0)
        return QR_DECODE_NO_PROGRAM;
    decode_child_allow(&c, QR_DECODE_SECONDS);
    enum qr_decoded d = QR_DECODE_LATE;
    if (decode_child_send(&c, file, len)) {
        shutdown(c.fd, SHUT_WR);
        d = hear(&c, ret);
    }
    int status = decode_child_end(&c);
    return d == QR_DECODE_CRASHED && decode_child_was_late(0, status) ? QR_DECODE_LATE : d;
}
