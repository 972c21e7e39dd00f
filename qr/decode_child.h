/*
 * A code's image, from a stranger, to its text.
 *
 * Decoders of images and of codes are large and read hostile bytes, so they are not part of this program: the program
 * huoma-decode beside it is started for one image and gone after it. It has no files, no network and no environment,
 * and limits of memory and processor time (decode_sandbox.c); it is killed when it is late.
 */
#ifndef QR_DECODE_CHILD_H
#define QR_DECODE_CHILD_H

#include <stddef.h>

enum {
    QR_DECODE_BYTES_MAX = 8 * 1024 * 1024, /* of the image's file */
    QR_DECODE_SIDE_MAX = 16384,            /* pixels; looked at in the image's head, before anything is unpacked */
    QR_DECODE_PIXELS_MAX = 40 * 1000 * 1000,
    QR_DECODE_TEXT_MAX = 2953, /* bytes: what the largest symbol holds (ISO/IEC 18004, table 7) */
    QR_DECODE_SECONDS = 5,     /* by the clock, start and end of the program included */
    QR_DECODE_CPU_SECONDS = 4, /* of the processor */
    QR_DECODE_MEMORY_MB = 512, /* beyond what the program has when it begins */
};

enum qr_decoded {
    QR_DECODED,
    QR_DECODE_NO_IMAGE,  /* neither PNG nor JPEG */
    QR_DECODE_TOO_LARGE, /* bytes, pixels or memory */
    QR_DECODE_DAMAGED,   /* begins like an image and does not go on like one */
    QR_DECODE_NO_CODE,
    QR_DECODE_SEVERAL, /* codes of different texts */
    QR_DECODE_NO_TEXT, /* what the code says is empty, no UTF-8, or has control characters */
    QR_DECODE_LATE,    /* killed */
    QR_DECODE_CRASHED,
    QR_DECODE_NO_SANDBOX, /* this system does not let a program give up its rights */
    QR_DECODE_NO_PROGRAM, /* huoma-decode is not there, or could not be started */
    QR_DECODED_COUNT,
};

/*
 * image: a whole PNG or JPEG file. text: gets what its one QR code says, UTF-8 without control characters,
 * NUL-terminated; empty unless QR_DECODED. Waits for the program: QR_DECODE_SECONDS at most. May be called from any
 * thread; leaves no child and no descriptor behind.
 */
enum qr_decoded qr_decode(const void *image, size_t len, char text[QR_DECODE_TEXT_MAX + 1]);

/* Half a sentence for people: "holds no QR code". */
const char *qr_decode_reason(enum qr_decoded d);

#endif
