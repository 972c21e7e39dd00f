/*
 * A code's bitmap, read as it is and as print gets: out of focus, turned, faded, dirty. The dirt falls where it always
 * falls, so that the same code gives the same answer.
 */
#include "decode_proof.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zbar.h>

#include "proof_private.h"

enum { TURNED_SIDE_MAX = 1264 /* pixels: QR_PROOF_SIDE_MAX * (cos 15 + sin 15) */ };

static const double TURN = 15 * M_PI / 180;
static const double FADED = 0.25;

struct bench {
    int in;
    zbar_image_scanner_t *scanner;
    struct proof_question q;
    char text[QR_DECODE_TEXT_MAX];
    uint8_t code[QR_PROOF_SIDE_MAX * QR_PROOF_SIDE_MAX], worn[TURNED_SIDE_MAX * TURNED_SIDE_MAX];
    uint8_t other[QR_PROOF_SIDE_MAX * QR_PROOF_SIDE_MAX];
};

/* --- reading --- */

/* The text, and nothing else: of two codes a phone takes either. */
static bool reads(struct bench *b, const uint8_t *grey, unsigned side)
{
    zbar_image_t *image = zbar_image_create();
    bool found = false, other = false;

    if (!image)
        return false;
    zbar_image_set_format(image, zbar_fourcc('Y', '8', '0', '0'));
    zbar_image_set_size(image, side, side);
    zbar_image_set_data(image, grey, (unsigned long)side * side, NULL);
    if (zbar_scan_image(b->scanner, image) > 0)
        for (const zbar_symbol_t *s = zbar_image_first_symbol(image); s; s = zbar_symbol_next(s)) {
            bool same = zbar_symbol_get_data_length(s) == b->q.text_len &&
                        memcmp(zbar_symbol_get_data(s), b->text, b->q.text_len) == 0;
            found |= same;
            other |= !same;
        }
    zbar_image_destroy(image);
    return found && !other;
}

/* --- wear --- */

/* Each pixel the mean of the nine around it. */
static void blur(const uint8_t *from, uint8_t *to, int side)
{
    memcpy(to, from, (size_t)side * (size_t)side);
    for (int y = 1; y < side - 1; y++) {
        const uint8_t *row = from + (size_t)y * (size_t)side;
        for (int x = 1; x < side - 1; x++) {
            int sum = 0;
            for (int i = -side; i <= side; i += side)
                sum += row[x + i - 1] + row[x + i] + row[x + i + 1];
            to[(size_t)y * (size_t)side + (size_t)x] = (uint8_t)(sum / 9);
        }
    }
}

static bool reads_blurred(struct bench *b)
{
    blur(b->code, b->other, (int)b->q.side);
    blur(b->other, b->worn, (int)b->q.side);
    return reads(b, b->worn, b->q.side);
}

/* Between four pixels; what is outside has the colour of the corner. */
static uint8_t sample(const struct bench *b, double x, double y)
{
    int side = (int)b->q.side, left = (int)floor(x), top = (int)floor(y);
    double fx = x - left, fy = y - top;
    if (left < 0 || top < 0 || left + 1 >= side || top + 1 >= side)
        return b->code[0];
    const uint8_t *at = b->code + (size_t)top * b->q.side + left;
    double upper = at[0] + (at[1] - at[0]) * fx, lower = at[side] + (at[side + 1] - at[side]) * fx;
    return (uint8_t)lround(upper + (lower - upper) * fy);
}

static bool reads_turned(struct bench *b)
{
    double c = cos(TURN), s = sin(TURN), middle = b->q.side / 2.0;
    int side = (int)ceil(b->q.side * (c + s));
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            double dx = x - side / 2.0, dy = y - side / 2.0;
            b->worn[(size_t)y * (size_t)side + (size_t)x] =
                sample(b, middle + c * dx + s * dy, middle - s * dx + c * dy);
        }
    }
    return reads(b, b->worn, (unsigned)side);
}

static bool reads_faded(struct bench *b)
{
    size_t count = (size_t)b->q.side * b->q.side;
    for (size_t i = 0; i < count; i++)
        b->worn[i] = (uint8_t)lround(128 + (b->code[i] - 128) * FADED);
    return reads(b, b->worn, b->q.side);
}

/*
 * Specks a sixteenth of a module large, of the other tone, as a camera sees them: not quite in focus. Whoever is
 * specked at a share is at a larger one too.
 */
static bool reads_dirty(struct bench *b, int percent, uint8_t dark, uint8_t light)
{
    size_t count = (size_t)b->q.side * b->q.side;
    uint32_t random = 1, share = (uint32_t)percent * (UINT32_MAX / 100);
    for (size_t i = 0; i < count; i++) {
        random = random * 1664525u + 1013904223u;                     /* Numerical Recipes */
        bool specked = (random ^ random >> 16) * 2654435769u < share; /* its low bits alone have short periods */
        b->other[i] = specked ? (uint8_t)(dark + light - b->code[i]) : b->code[i];
    }
    blur(b->other, b->worn, (int)b->q.side);
    blur(b->worn, b->other, (int)b->q.side);
    return reads(b, b->other, b->q.side);
}

/* The largest share that it is read with; below QR_PROOF_DIRT: none. */
static int find_margin(struct bench *b)
{
    size_t count = (size_t)b->q.side * b->q.side;
    uint8_t dark = 255, light = 0;
    int margin = QR_PROOF_DIRT, most = QR_PROOF_DIRT_MAX;
    for (size_t i = 0; i < count; i++) {
        dark = b->code[i] < dark ? b->code[i] : dark;
        light = b->code[i] > light ? b->code[i] : light;
    }
    if (!reads_dirty(b, margin, dark, light))
        return 0;
    while (margin < most) {
        int middle = (margin + most + 1) / 2;
        if (reads_dirty(b, middle, dark, light))
            margin = middle;
        else
            most = middle - 1;
    }
    return margin;
}

static struct proof_answer prove(struct bench *b)
{
    if (!reads(b, b->code, b->q.side))
        return (struct proof_answer){QR_NOT_READ, 0};
    if (!reads_blurred(b))
        return (struct proof_answer){QR_NOT_READ_BLUR, 0};
    if (!reads_turned(b))
        return (struct proof_answer){QR_NOT_READ_TURNED, 0};
    if (!reads_faded(b))
        return (struct proof_answer){QR_NOT_READ_FADED, 0};
    int margin = find_margin(b);
    return (struct proof_answer){margin ? QR_PROVED : QR_NOT_READ_DIRT, (uint8_t)margin};
}

/* --- questions and answers --- */

static bool take(int in, void *bytes, size_t len)
{
    char *to = bytes;
    while (len > 0) {
        ssize_t n = read(in, to, len);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        to += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool take_question(struct bench *b)
{
    struct proof_question *q = &b->q;
    return take(b->in, q, sizeof(*q)) && q->text_len <= sizeof(b->text) && q->side <= QR_PROOF_SIDE_MAX &&
           q->modules >= 21 && q->modules <= QR_PROOF_SIDE_MAX && q->margin <= QR_PROOF_SIDE_MAX &&
           q->side == (q->modules + 2 * q->margin) * QR_PROOF_PX && take(b->in, b->text, q->text_len) &&
           take(b->in, b->code, (size_t)q->side * q->side);
}

int decode_proofs(int in, int out)
{
    struct bench *b = malloc(sizeof(*b));
    int code = b && (b->scanner = zbar_image_scanner_create()) ? 0 : 1;
    if (code == 0) {
        b->in = in;
        zbar_image_scanner_set_config(b->scanner, ZBAR_NONE, ZBAR_CFG_ENABLE, 0);
        zbar_image_scanner_set_config(b->scanner, ZBAR_QRCODE, ZBAR_CFG_ENABLE, 1);
        zbar_image_scanner_set_config(b->scanner, ZBAR_QRCODE, ZBAR_CFG_BINARY, 1);
    }
    while (code == 0 && take_question(b)) {
        struct proof_answer a = prove(b);
        if (write(out, &a, sizeof(a)) != sizeof(a))
            code = 1;
    }
    if (b && b->scanner)
        zbar_image_scanner_destroy(b->scanner);
    free(b);
    return code;
}
