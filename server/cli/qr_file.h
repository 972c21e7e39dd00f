/* What `huoma qr` is told, and the file that it makes of it. */
#ifndef SERVER_CLI_QR_FILE_H
#define SERVER_CLI_QR_FILE_H

#include "cli.h"
#include "code.h"
#include "qr.h"

enum qr_order_form { FORM_SVG, FORM_PNG, FORM_PDF, FORM_EPS, FORM_NONE, FORM_TERMINAL };

struct qr_order {
    const char *url, *file;
    enum qr_order_form form;
    enum qr_ecc ecc;
    struct qr_look look; /* its logo: of logo_file, once that is read */
    const char *logo_file, *caption;
    long size;       /* px or mm; 0: the form's own */
    double distance; /* mm; 0: any */
    bool ecc_given, compact, terminal;
};

/* text: what the symbol says. */
enum cli_exit qr_file_make(const struct qr_order *o, const struct qr_symbol *symbol, const char *text);

#endif
