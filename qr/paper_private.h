/* How large a code is on a paper, and so which paper will do. */
#ifndef QR_PAPER_PRIVATE_H
#define QR_PAPER_PRIVATE_H

#include "template_private.h"

static const double PANEL_PAD = 0.02; /* of the width, around the quiet zone */

/* mm; side of a code, quiet zone included, on a paper of the template; the symbol has so many modules. */
double qr_paper_side(const struct template *k, const struct paper *paper, int modules);

/* mm; from how far it can be scanned; 0: its modules are too small to be printed. */
double qr_paper_reach(const struct template *k, const struct paper *paper, int modules);

/* The poster's own paper, or its template's first one that its distance allows. NULL: refused with field and reason. */
const struct paper *qr_paper_choose(const struct qr_poster *p, int modules, struct qr_refusal *ret_refusal);

#endif
