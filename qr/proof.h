/*
 * Whether a code is read before it is printed: its drawing is made a bitmap and given to a decoder, as it is and worn
 * as print gets worn. The decoder (zbar) is large and has had its bugs with memory: it runs in the program
 * huoma-decode, without files, network or rights (decode_child.h), never here.
 *
 * A qr_prover belongs to one thread.
 */
#ifndef QR_PROOF_H
#define QR_PROOF_H

#include <stddef.h>

enum {
    QR_PROOF_PX = 4,           /* pixels of a module in the bitmap */
    QR_PROOF_SIDE_MAX = 1028,  /* pixels: the largest symbol with the widest quiet zone */
    QR_PROOF_DIRT = 5,         /* percent of the bitmap in specks of the other tone, and it must be read */
    QR_PROOF_DIRT_MAX = 30,    /* percent that are tried */
    QR_PROOF_SECONDS = 5,      /* for one code, by the clock */
    QR_PROOF_CPU_SECONDS = 30, /* of a program, for all codes that it gets */
    QR_PROOF_CODES = 500,      /* that it gets; then another one is started */
};

enum qr_proved {
    QR_PROVED,
    QR_NOT_READ,        /* as it is */
    QR_NOT_READ_BLUR,   /* out of focus */
    QR_NOT_READ_TURNED, /* by 15 degrees */
    QR_NOT_READ_FADED,  /* a quarter of its contrast */
    QR_NOT_READ_DIRT,   /* QR_PROOF_DIRT percent of specks */
    QR_NOT_PROVED,      /* the program could not be started, or broke off: nothing is known */
    QR_NOT_PROVED_LATE, /* it was killed at the limit of its time: likewise */
    QR_PROVED_COUNT,
};

struct _cairo; /* cairo_t; the program that decodes includes this, and has no cairo */

/* What is looked at: draw is called with user units as on the page; the code's square, quiet zone included, is at
 * (x, y) with this side. */
struct qr_proof {
    void (*draw)(void *ctx, struct _cairo *cr);
    void *ctx;
    double x, y, side;
    int modules, margin; /* a side of the symbol; of quiet zone on each side of it */
    const char *text;    /* that must be read */
};

struct qr_prover;

/* NULL: out of memory. The program is started with the first code. */
struct qr_prover *qr_prover_new(void);
void qr_prover_free(struct qr_prover *p);
/* Ends the program until the next code. */
void qr_prover_rest(struct qr_prover *p);

/* ret_margin: the largest share of dirt, percent, that it was read with; only if QR_PROVED. */
enum qr_proved qr_prove(struct qr_prover *p, const struct qr_proof *proof, int *ret_margin);

/* Half a sentence for people: "is not read when it is turned by 15 degrees". */
const char *qr_proof_reason(enum qr_proved proved);

#endif
