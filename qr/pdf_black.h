/*
 * Black of cairo's PDFs becomes black ink alone. Cairo writes every colour as RGB; a press then prints black as a
 * mixture of four inks that never lie quite on each other, and modules and small type get coloured edges. This filter
 * stands between cairo and whoever takes the bytes: `0 0 0 rg` becomes `0 0 0 1 k`, what depends on the length of that
 * is put right.
 *
 * Bytes go through as they come; kept are a line, the windows of zlib, and eight bytes for each object of the document.
 */
#ifndef QR_PDF_BLACK_H
#define QR_PDF_BLACK_H

#include <stddef.h>

enum { QR_PDF_OBJECTS_MAX = 1 << 17 };

struct qr_pdf_black;

/* write: 0 or -errno, which ends it all. NULL: out of memory. */
struct qr_pdf_black *qr_pdf_black_new(int (*write)(void *ctx, const void *bytes, size_t len), void *ctx);

/* Takes the next bytes of a PDF. 0; -ENOMEM; -EIO: not a PDF as cairo writes it; or what write said. */
int qr_pdf_black_take(struct qr_pdf_black *b, const void *bytes, size_t len);

/* Frees it; 0, or what went wrong, also if the document isn't whole. */
int qr_pdf_black_end(struct qr_pdf_black *b);

#endif
