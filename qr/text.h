/*
 * Chinese and English set in a box, for print: it fits, or it is refused with the field and the reason. The only part
 * that knows pango. One font family, the same on every machine: what it lacks is refused, never drawn as an empty box.
 *
 * Lengths are millimetres. A qr_type and what was set with it belong to one thread.
 */
#ifndef QR_TEXT_H
#define QR_TEXT_H

#include <cairo.h>
#include <stdbool.h>
#include <stddef.h>

enum { QR_REASON_MAX = 256 }; /* bytes, with the NUL */

/* Why something can't be printed: the parameter to blame, and a sentence for whoever gave it. */
struct qr_refusal {
    const char *field; /* static */
    char reason[QR_REASON_MAX];
};

/* Fills it; false, so that a caller can return it. */
bool qr_refuse(struct qr_refusal *ret, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

enum qr_language { QR_ZH, QR_EN };
enum qr_align { QR_LEFT, QR_CENTRE, QR_RIGHT };

/* The font, found once and kept warm. */
struct qr_type;

/* NULL: the font isn't installed (or no memory); error then says which package brings it. Free with qr_type_free. */
struct qr_type *qr_type_new(char *error, size_t size);
void qr_type_free(struct qr_type *t);

/* What is to be set, and where it has to fit. */
struct qr_box {
    const char *field; /* named in a refusal; static */
    const char *text;  /* UTF-8; "\n" breaks a line if lines allow it */
    enum qr_language language;
    enum qr_align align;
    bool bold;
    int chars;             /* characters at most */
    int lines;             /* lines at most */
    double width, height;  /* of the box */
    double size, size_min; /* em: as large as this, never smaller than that */
    double one_line;       /* one line if this share of the size is left, else several; 0: two thirds */
};

/* A text set in its box: drawn as often as one likes. */
struct qr_words {
    struct _PangoLayout *layout; /* owned; NULL: nothing to draw */
    enum qr_align align;
    double box_width;
    double width, height; /* of what is drawn: from the top of the first em box to the foot of the last */
    double size;          /* em chosen */
    int lines;
};

/*
 * Sets the text as large as fits: in one line if its size stays near enough, else in lines of about the same width. An
 * empty text or NULL gives words that draw nothing. Refused: not UTF-8, control and invisible characters, what the font
 * lacks (emoji too), too many characters, too long for the box. Clear with qr_words_clear; ret is always safe to clear.
 */
bool qr_text_set(struct qr_type *t, const struct qr_box *box, struct qr_words *ret, struct qr_refusal *ret_refusal);

/* Draws with the current source; (x, y) is the upper left corner of the box, as wide as it was when set. */
void qr_words_draw(cairo_t *cr, const struct qr_words *w, double x, double y);
void qr_words_clear(struct qr_words *w);

#endif
