/* See proof.h: the bitmap is made here, what becomes of it in decode_proof.c. */
#include "proof.h"

#include <cairo.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "decode_private.h"
#include "proof_private.h"

static const char *const reasons[QR_PROVED_COUNT] = {
    [QR_PROVED] = "is read",
    [QR_NOT_READ] = "is not read by a decoder",
    [QR_NOT_READ_BLUR] = "is not read when it is out of focus",
    [QR_NOT_READ_TURNED] = "is not read when it is turned by 15 degrees",
    [QR_NOT_READ_FADED] = "is not read when it is faded",
    [QR_NOT_READ_DIRT] = "is not read with 5% of dirt on it",
    [QR_NOT_PROVED] = "could not be proved: the program huoma-decode broke off",
    [QR_NOT_PROVED_LATE] = "could not be proved in time",
};

struct qr_prover {
    struct decode_child child;
    bool running;
    int asked; /* of the one that runs */
};

const char *qr_proof_reason(enum qr_proved proved)
{
    return (unsigned)proved < QR_PROVED_COUNT ? reasons[proved] : reasons[QR_NOT_PROVED];
}

struct qr_prover *qr_prover_new(void)
{
    return calloc(1, sizeof(struct qr_prover));
}

/* Ends the program; its status. */
static int end_program(struct qr_prover *p)
{
    p->running = false;
    return decode_child_end(&p->child);
}

void qr_prover_rest(struct qr_prover *p)
{
    if (p->running)
        end_program(p);
}

void qr_prover_free(struct qr_prover *p)
{
    if (!p)
        return;
    qr_prover_rest(p);
    free(p);
}

/* --- the bitmap --- */

static cairo_surface_t *draw(const struct qr_proof *proof, int side)
{
    cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    cairo_t *cr = cairo_create(s);
    cairo_set_source_rgb(cr, 1, 1, 1);
    cairo_paint(cr);
    cairo_scale(cr, side / proof->side, side / proof->side);
    cairo_translate(cr, -proof->x, -proof->y);
    proof->draw(proof->ctx, cr);
    bool good = cairo_status(cr) == CAIRO_STATUS_SUCCESS;
    cairo_destroy(cr);
    cairo_surface_flush(s);
    if (good)
        return s;
    cairo_surface_destroy(s);
    return NULL;
}

/* Luma of Rec. 601, as cameras have it. */
static void fill_grey(cairo_surface_t *s, uint8_t *grey, int side)
{
    const unsigned char *data = cairo_image_surface_get_data(s);
    int stride = cairo_image_surface_get_stride(s);
    for (int y = 0; y < side; y++) {
        const uint32_t *row = (const void *)(data + (size_t)y * (size_t)stride);
        for (int x = 0; x < side; x++)
            *grey++ =
                (uint8_t)(((row[x] >> 16 & 0xff) * 299 + (row[x] >> 8 & 0xff) * 587 + (row[x] & 0xff) * 114) / 1000);
    }
}

/* Question, text and grey in one piece; NULL: out of memory, or no such code. */
static char *make_question(const struct qr_proof *proof, size_t *len)
{
    int side = (proof->modules + 2 * proof->margin) * QR_PROOF_PX;
    struct proof_question q = {(uint32_t)side, (uint32_t)proof->modules, (uint32_t)proof->margin,
                               (uint32_t)strlen(proof->text)};
    cairo_surface_t *s = side <= QR_PROOF_SIDE_MAX ? draw(proof, side) : NULL;
    *len = sizeof(q) + q.text_len + (size_t)side * (size_t)side;
    char *bytes = s ? malloc(*len) : NULL;
    if (bytes) {
        memcpy(bytes, &q, sizeof(q));
        memcpy(bytes + sizeof(q), proof->text, q.text_len);
        fill_grey(s, (uint8_t *)bytes + sizeof(q) + q.text_len, side);
    }
    if (s)
        cairo_surface_destroy(s);
    return bytes;
}

/* --- the program --- */

static enum qr_proved ask(struct qr_prover *p, const char *question, size_t len, int *ret_margin)
{
    struct proof_answer a;
    if (p->running && p->asked == QR_PROOF_CODES)
        qr_prover_rest(p);
    if (!p->running) {
        if (decode_child_start(&p->child, DECODE_PROOF) != 0)
            return QR_NOT_PROVED;
        p->running = true;
        p->asked = 0;
    }
    p->asked++;
    decode_child_allow(&p->child, QR_PROOF_SECONDS);
    ssize_t n = decode_child_send(&p->child, question, len) ? decode_child_receive(&p->child, &a, sizeof(a)) : -1;
    if (n == sizeof(a) && a.proved < QR_NOT_PROVED && a.margin <= QR_PROOF_DIRT_MAX) {
        *ret_margin = a.margin;
        return (enum qr_proved)a.proved;
    }
    return decode_child_was_late(n, end_program(p)) ? QR_NOT_PROVED_LATE : QR_NOT_PROVED;
}

enum qr_proved qr_prove(struct qr_prover *p, const struct qr_proof *proof, int *ret_margin)
{
    size_t len;
    char *question = make_question(proof, &len);
    bool others = p->running; /* which may have used up its time */
    enum qr_proved proved = question ? ask(p, question, len, ret_margin) : QR_NOT_PROVED;
    if (question && proved >= QR_NOT_PROVED && others)
        proved = ask(p, question, len, ret_margin);
    free(question);
    return proved;
}
