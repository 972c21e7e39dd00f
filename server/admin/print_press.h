/* What one thread keeps between one print and the next. */
#ifndef SERVER_ADMIN_PRINT_PRESS_H
#define SERVER_ADMIN_PRINT_PRESS_H

#include "print.h"
#include "print_proofs.h"
#include "proof.h"

struct print_press {
    struct qr_type *type; /* the font; NULL: not needed yet */
    struct print_proofs *proofs;
    struct qr_prover *prover;
    struct qr_logo logo; /* the one unpacked last, of the file with this hash */
    unsigned char logo_key[PRINT_PROOF_KEY];
};

/* The font, found at its first use. NULL: it is not installed, which is told; -ENOTSUP. */
struct qr_type *print_press_type(struct print_press *press, struct print_told *told);

/* What all drawing begins with: the logo. 0; -EINVAL with an error; -ENOTSUP. */
int print_begin(struct print_press *press, const struct print *p, struct print_campaign *of, struct print_told *told,
                struct field_errors *errors);

/* A symbol and what it says, as it is printed: upper case if compact is asked for and possible. */
struct print_symbol {
    struct qr_symbol symbol; /* owned */
    char text[PRINT_LINK_MAX];
};

/* 0; -EINVAL with an error of `ecc`; -ENOMEM. told: of compact. */
int print_symbol_make(const struct print *p, const struct print_campaign *of, const char *channel,
                      struct print_symbol *ret, struct print_told *told, struct field_errors *errors);

/* What a poster's code says, and the same for people. */
struct print_text {
    char code[PRINT_LINK_MAX], link[PRINT_LINK_MAX];
};

/* 0; -EINVAL with an error of `ecc`; -ENOMEM. */
int print_text_make(const struct print *p, const struct print_campaign *of, const char *channel, struct print_text *ret,
                    struct print_told *told, struct field_errors *errors);
/* All choices of a poster; borrows from all of them. */
struct qr_poster print_poster_of(const struct print *p, const struct print_campaign *of, const struct print_text *text,
                                 const char *label);
/* Adds the refusal to errors. -EINVAL, or -ENOMEM if it was none. */
int print_refused(const struct qr_refusal *why, struct field_errors *errors);

/* What the forms of print_draw are, by kind. */
int print_code_draw(struct print_press *press, const struct print *p, const struct print_campaign *of, qr_write write,
                    void *ctx, struct print_told *told, struct field_errors *errors);
int print_poster_draw(struct print_press *press, const struct print *p, const struct print_campaign *of, qr_write write,
                      void *ctx, struct print_told *told, struct field_errors *errors);

/* Whether the code is read, worn as print gets too; told->margin is the least of all that were. 0; -EINVAL with an
 * error that says what to change; -ENOTSUP. (print_prove.c) */
int print_prove_code(struct print_press *press, const struct print *p, const struct print_symbol *code,
                     const struct qr_look *look, struct print_told *told, struct field_errors *errors);
/* Whether that is known without asking a decoder; told->margin likewise. */
bool print_proved_code(struct print_proofs *proofs, const struct print *p, const struct print_symbol *code,
                       const struct qr_look *look, struct print_told *told);
int print_prove_plan(struct print_press *press, const struct print *p, const struct print_campaign *of,
                     const char *code, const char *label, struct qr_plan *plan, struct print_told *told,
                     struct field_errors *errors);

#endif
