/* See print_press.h. */
#include "print_press.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logo_record.h"

bool print_campaign_take(struct print_campaign *of, const struct campaign *c, const char *base_url)
{
    *of = (struct print_campaign){.title = strdup(c->title), .base_url = base_url, .guide = QR_GUIDE_LINK};
    snprintf(of->slug, sizeof of->slug, "%s", c->slug);
    for (size_t i = 0; i < c->group_count; i++)
        if (platform_wants_page(c->groups[i].platform))
            of->guide = QR_GUIDE_WECHAT;
    return of->title != NULL;
}

bool print_wants_logo(const struct print *p)
{
    return p->with_logo;
}

bool print_campaign_take_logo(struct print_campaign *of, const char *base64, size_t len)
{
    of->logo_file = logo_from_text(base64, len, &of->logo_len);
    return of->logo_file != NULL;
}

void print_campaign_clear(struct print_campaign *of)
{
    free(of->title);
    free(of->logo_file);
    *of = (struct print_campaign){.title = NULL};
}

struct print_press *print_press_new(void)
{
    struct print_press *press = calloc(1, sizeof *press);
    if (!press)
        return NULL;
    press->proofs = print_proofs_new();
    press->prover = qr_prover_new();
    if (press->proofs && press->prover)
        return press;
    print_press_free(press);
    return NULL;
}

void print_press_free(struct print_press *press)
{
    if (!press)
        return;
    qr_type_free(press->type);
    qr_prover_free(press->prover);
    print_proofs_free(press->proofs);
    qr_logo_clear(&press->logo);
    free(press);
}

struct qr_type *print_press_type(struct print_press *press, struct print_told *told)
{
    if (!press->type)
        press->type = qr_type_new(told->trouble, sizeof told->trouble);
    return press->type;
}

/* The logo unpacked, or the last one if it is the same. */
static int unpack_logo(struct print_press *press, struct print_campaign *of, struct print_told *told,
                       struct field_errors *errors)
{
    unsigned char key[PRINT_PROOF_KEY];
    crypto_generichash(key, sizeof key, of->logo_file, of->logo_len, NULL, 0);
    if (!press->logo.argb || memcmp(key, press->logo_key, sizeof key) != 0) {
        qr_logo_clear(&press->logo);
        enum qr_decoded d = qr_logo_decode(of->logo_file, of->logo_len, &press->logo);
        if (d >= QR_DECODE_LATE) {
            snprintf(told->trouble, sizeof told->trouble, "The logo %s.", qr_logo_reason(d));
            return -ENOTSUP;
        }
        if (d != QR_DECODED) {
            field_errors_add(errors, "logo", "%s", qr_logo_reason(d));
            return -EINVAL;
        }
        memcpy(press->logo_key, key, sizeof key);
    }
    of->logo = &press->logo;
    return 0;
}

int print_begin(struct print_press *press, const struct print *p, struct print_campaign *of, struct print_told *told,
                struct field_errors *errors)
{
    *told = (struct print_told){.margin = -1};
    of->logo = NULL;
    if (p->with_logo && of->logo_file)
        return unpack_logo(press, of, told, errors);
    if (!p->logo_given || !p->with_logo)
        return 0;
    field_errors_add(errors, "logo", "the campaign has none: PUT one first, or leave this out");
    return -EINVAL;
}

int print_draw(struct print_press *press, const struct print *p, struct print_campaign *of, qr_write write, void *ctx,
               struct print_told *told, struct field_errors *errors)
{
    int result = print_begin(press, p, of, told, errors);
    if (result != 0)
        return result;
    result = (p->kind == PRINT_CODE ? print_code_draw : print_poster_draw)(press, p, of, write, ctx, told, errors);
    qr_prover_rest(press->prover);
    return result;
}

static const struct {
    const char *type, *suffix;
} forms[] = {[QR_SVG] = {"image/svg+xml", "svg"},
             [QR_PNG] = {"image/png", "png"},
             [QR_PDF] = {"application/pdf", "pdf"},
             [QR_EPS] = {"application/postscript", "eps"}};

const char *print_form_type(enum qr_form form)
{
    return forms[form].type;
}

const char *print_form_suffix(enum qr_form form)
{
    return forms[form].suffix;
}
