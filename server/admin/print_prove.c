/*
 * Proof of what is printed, once for each design: what was proved lately is known by a hash of all that is drawn.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "print_press.h"
#include "proof.h"

_Static_assert(PRINT_PROOF_KEY == crypto_generichash_BYTES_MIN, "a hash as key");

/* One design. */
struct design {
    const struct print *p;
    const struct qr_logo *logo;
    struct qr_proof proof;
    unsigned char key[PRINT_PROOF_KEY];
};

static void add(crypto_generichash_state *hash, const void *bytes, size_t len)
{
    crypto_generichash_update(hash, bytes, len);
}

static void add_text(crypto_generichash_state *hash, const char *text)
{
    add(hash, text, strlen(text) + 1);
}

/* All that the code's looks can depend on, and more: what is different for nothing is proved again for nothing. */
static void make_key(struct design *d, const char *title, const char *label)
{
    crypto_generichash_state hash;
    const struct print *p = d->p;
    const int numbers[] = {(int)p->kind,     (int)p->ecc,     p->rounded,       p->margin,
                           (int)p->dark,     (int)p->light,   (int)p->template, (int)p->language,
                           (int)p->colour,   p->bleed,        p->marks,         p->grid,
                           (int)p->distance, d->proof.margin, d->proof.modules, d->logo != NULL};
    crypto_generichash_init(&hash, NULL, 0, PRINT_PROOF_KEY);
    add(&hash, numbers, sizeof numbers);
    if (d->logo) {
        add(&hash, &d->logo->width, sizeof d->logo->width);
        add(&hash, d->logo->argb, (size_t)d->logo->width * (size_t)d->logo->height * sizeof *d->logo->argb);
    }
    const char *const texts[] = {d->proof.text, title, label, p->paper, p->sheet_paper, p->subtitle, p->steps};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        add_text(&hash, texts[i]);
    crypto_generichash_final(&hash, d->key, sizeof d->key);
}

/* What a person can change about it, the likeliest first. */
static void refuse(const struct design *d, enum qr_proved proved, struct field_errors *errors)
{
    const struct print *p = d->p;
    const char *why = qr_proof_reason(proved);
    bool coloured = p->kind == PRINT_CODE && (p->dark != 0x000000 || p->light != 0xffffff);
    if (d->logo)
        field_errors_add(errors, "logo", "the code %s: leave the logo out, or have a shorter link (compact)", why);
    else if (proved == QR_NOT_READ_DIRT && p->ecc < QR_ECC_H)
        field_errors_add(errors, "ecc", "the code %s: a higher level would do", why);
    else if (coloured)
        field_errors_add(errors, "dark", "the code %s: more contrast between dark and light would do", why);
    else if (p->rounded)
        field_errors_add(errors, "shape", "the code %s: square modules would do", why);
    else
        field_errors_add(errors, "ecc", "the code %s: another level may do", why);
}

static void tell(struct print_told *told, int margin)
{
    if (told->margin < 0 || margin < told->margin)
        told->margin = margin;
}

static int prove(struct print_press *press, const struct design *d, struct print_told *told,
                 struct field_errors *errors)
{
    int margin;
    memcpy(told->proof, d->key, sizeof told->proof);
    if (print_proofs_find(press->proofs, d->key, &margin)) {
        tell(told, margin);
        return 0;
    }
    enum qr_proved proved = qr_prove(press->prover, &d->proof, &margin);
    if (proved >= QR_NOT_PROVED) {
        snprintf(told->trouble, sizeof told->trouble, "The code %s.", qr_proof_reason(proved));
        return -ENOTSUP;
    }
    if (proved != QR_PROVED) {
        refuse(d, proved, errors);
        return -EINVAL;
    }
    print_proofs_keep(press->proofs, d->key, margin);
    tell(told, margin);
    return 0;
}

/* --- of a code alone --- */

struct code_drawing {
    const struct qr_symbol *symbol;
    const struct qr_look *look;
};

static void draw_code(void *ctx, cairo_t *cr)
{
    const struct code_drawing *c = ctx;
    qr_code_draw(cr, c->symbol, c->look, 0, 0, 1);
}

static struct design design_of_code(const struct print *p, struct code_drawing *drawing, const char *text)
{
    struct design d = {.p = p,
                       .logo = drawing->look->logo,
                       .proof = {.draw = draw_code,
                                 .ctx = drawing,
                                 .side = 1,
                                 .modules = drawing->symbol->size,
                                 .margin = drawing->look->margin,
                                 .text = text}};
    make_key(&d, "", "");
    return d;
}

int print_prove_code(struct print_press *press, const struct print *p, const struct print_symbol *code,
                     const struct qr_look *look, struct print_told *told, struct field_errors *errors)
{
    struct code_drawing drawing = {&code->symbol, look};
    struct design d = design_of_code(p, &drawing, code->text);
    return prove(press, &d, told, errors);
}

bool print_proved_code(struct print_proofs *proofs, const struct print *p, const struct print_symbol *code,
                       const struct qr_look *look, struct print_told *told)
{
    struct code_drawing drawing = {&code->symbol, look};
    struct design d = design_of_code(p, &drawing, code->text);
    int margin;
    bool found = print_proofs_find(proofs, d.key, &margin);
    if (found)
        tell(told, margin);
    return found;
}

/* --- of a poster --- */

static void draw_plan(void *ctx, cairo_t *cr)
{
    qr_plan_draw(ctx, cr);
}

int print_prove_plan(struct print_press *press, const struct print *p, const struct print_campaign *of,
                     const char *code, const char *label, struct qr_plan *plan, struct print_told *told,
                     struct field_errors *errors)
{
    struct qr_spot spot = qr_plan_spot(plan);
    struct design d = {.p = p,
                       .logo = p->with_logo ? of->logo : NULL,
                       .proof = {.draw = draw_plan,
                                 .ctx = plan,
                                 .x = spot.x,
                                 .y = spot.y,
                                 .side = spot.side,
                                 .modules = spot.modules,
                                 .margin = QR_QUIET,
                                 .text = code}};
    make_key(&d, p->title_given ? p->title : of->title, label);
    return prove(press, &d, told, errors);
}
