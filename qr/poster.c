/*
 * The layout of every template: head (logo, title, subtitle), code, steps, foot, each in its own zone of the page, so
 * that the code stands at the same place whatever the texts are, on every page of a sheet.
 */
#include "poster.h"

#include "colour.h"
#include "distance.h"
#include "paper_private.h"
#include "plan_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double MARGIN = 0.08;        /* of the width */
static const double BLEED = 3;            /* mm */
static const double CROP_ROOM = 10;       /* mm around the cut for crop marks */
static const double READ_SHARE = 150;     /* a title's em is at least this part of the distance its code scans from */
static const double STEP_ONE_LINE = 0.78; /* of its size is left to a step in one line: it sets that of all */
static const double SAME = 0.999;         /* sizes of type that the eye takes for one */
static const double SEEN_FROM = 1.5;      /* contrast of the colour on white for a disc to be seen */
static const double WHITE_TEXT_FROM = 3;  /* contrast of white on the field (WCAG 2, large text) */
static const double LINK_SHARE = 0.6, LABEL_SHARE = 0.37; /* of the line at the foot, if both are there */
static const double HINT_ROOM = 0.53, LABEL_ROOM = 0.44, TITLE_ROOM = 0.53; /* chords of a disc, of its width */
static const uint32_t BLACK = 0x000000, WHITE = 0xFFFFFF;
enum { STEP_BYTES = QR_STEP_CHARS * 6 + 1 };

static const char *const STEPS[][2] = {
    [QR_GUIDE_WECHAT] = {[QR_ZH] = "打开微信，扫一扫|长按页面里的二维码|加入群聊",
                         [QR_EN] = "Scan with WeChat|Press and hold the code on the page|Join the group"},
    [QR_GUIDE_LINK] = {[QR_ZH] = "打开手机，扫一扫|点开弹出的链接|按页面提示进入",
                       [QR_EN] = "Scan with your camera|Tap the link that appears|Follow the page"},
};

/* What is being laid out. */
struct making {
    struct qr_type *type;
    const struct qr_poster *p;
    const struct template *k;
    struct qr_plan *plan;
    struct qr_refusal *ret;
    double w, h, u, margin; /* u: what sizes of type are shares of */
    uint32_t on_field;      /* text on the field */
    uint32_t ink;           /* text below the code */
    uint32_t disc, figure;  /* numbers of the steps */
};

/* The symbol and its look; a round sticker has no other place for a logo than inside the code. */
static bool encode(struct making *m)
{
    const struct qr_poster *p = m->p;
    bool inside = p->logo && m->k->round;
    enum qr_ecc ecc = inside ? QR_ECC_H : p->ecc;

    if (p->ecc_chosen && p->ecc != ecc)
        return qr_refuse(m->ret, "ecc", "%s", qr_logo_needs);
    m->plan->logo = inside ? NULL : p->logo;
    m->plan->look =
        (struct qr_look){.margin = QR_QUIET, .light = WHITE, .rounded = p->rounded, .logo = inside ? p->logo : NULL};
    int r = qr_encode(p->code, strlen(p->code), ecc, &m->plan->symbol);
    if (r == -E2BIG)
        return qr_refuse(m->ret, "ecc", "the link is too long for a code of this level");
    if (r == -ENOMEM)
        m->ret->field = NULL;
    else if (r != 0)
        qr_refuse(m->ret, "channel", "the link can't be made a code");
    return r == 0;
}

static void page_begin(struct making *m, const struct paper *paper)
{
    struct qr_plan *plan = m->plan;

    plan->template = m->k;
    plan->paper = paper;
    plan->width = m->w = paper->width;
    plan->height = m->h = paper->height;
    plan->bleed = m->p->bleed ? BLEED : 0;
    plan->crop = m->p->marks;
    plan->origin = plan->crop ? CROP_ROOM : plan->bleed;
    m->u = fmin(m->w, m->h / m->k->aspect);
    m->margin = MARGIN * m->w;
    m->on_field = qr_colour_contrast(WHITE, m->p->colour) >= WHITE_TEXT_FROM ? WHITE : BLACK;
    m->ink = m->k->full ? m->on_field : BLACK;
    m->disc = m->k->full ? m->on_field : m->p->colour;
    m->figure = m->k->full ? m->p->colour : m->on_field;
    if (!m->k->full && qr_colour_contrast(WHITE, m->p->colour) < SEEN_FROM) {
        m->disc = BLACK;
        m->figure = WHITE;
    }
}

static void add_words(struct making *m, struct qr_words words, uint32_t colour, double x, double y)
{
    struct qr_mark *mark = qr_plan_add(m->plan, QR_MARK_WORDS, x, y, words.box_width, words.height);

    mark->words = words;
    mark->colour = colour;
}

static void add_field(struct making *m)
{
    double b = m->plan->bleed, height = m->k->full ? m->h + 2 * b : m->h * m->k->head + b;
    enum qr_mark_kind kind = m->k->round ? QR_MARK_DISC : QR_MARK_RECT;

    qr_plan_add(m->plan, kind, -b, -b, m->w + 2 * b, height)->colour = m->p->colour;
}

static void add_code(struct making *m)
{
    struct qr_plan *plan = m->plan;
    int modules = plan->symbol.size;
    double side = qr_paper_side(m->k, plan->paper, modules), middle = (m->k->head + m->k->code) / 2 * m->h;
    double x = (m->w - side) / 2, y = middle - side / 2;

    if (m->k->whole > 0) {
        x = floor(x / m->k->whole) * m->k->whole;
        y = floor(y / m->k->whole) * m->k->whole;
    }
    if (m->k->full) {
        double pad = PANEL_PAD * m->w;
        struct qr_mark *panel = qr_plan_add(plan, QR_MARK_RECT, x - pad, y - pad, side + 2 * pad, side + 2 * pad);
        panel->radius = 2 * pad;
        panel->colour = WHITE;
    }
    qr_plan_add(plan, QR_MARK_CODE, x, y, side, side);
    plan->spot = (struct qr_spot){x, y, side, side / (modules + 2 * QR_QUIET), modules};
}

static struct qr_box box(const struct making *m, const char *field, const char *text, double size, double size_min)
{
    return (struct qr_box){.field = field,
                           .text = text,
                           .language = m->p->language,
                           .align = QR_CENTRE,
                           .lines = 1,
                           .width = m->w - 2 * m->margin,
                           .height = m->h,
                           .size = size * m->u,
                           .size_min = size_min * m->u};
}

static double title_min(const struct making *m)
{
    const struct qr_spot *spot = &m->plan->spot;

    return fmin(
        fmax(m->k->title_min * m->u, qr_distance_reach(spot->module * spot->modules, spot->modules) / READ_SHARE),
        m->k->title * m->u);
}

/* Where logo, title and subtitle go: the head but its margins, or the upper segment of a disc. */
struct head {
    double top, height, width;
    double logo; /* height of the logo, of the unit of type */
    int lines;   /* of the title, kept free by the subtitle */
};

static struct head head_room(const struct making *m, bool tight)
{
    double foot = m->k->full ? m->plan->spot.y - PANEL_PAD * m->w : m->k->head * m->h;
    double above = m->margin * (tight ? 0.55 : 0.75), below = m->margin * (tight ? 0.4 : 0.55);

    if (m->k->round)
        return (struct head){foot - (0.02 + m->k->title) * m->w, m->k->title * m->w, TITLE_ROOM * m->w, 0, 1};
    return (struct head){above, foot - above - below, m->w - 2 * m->margin, tight ? 0.05 : 0.056, tight ? 2 : 1};
}

/* A white ground beneath a code that joins the field is drawn first: it must not lighten the field's edge. */
static void add_grounds(struct making *m)
{
    if (!m->k->full)
        add_code(m);
    add_field(m);
    if (m->k->full)
        add_code(m);
}

/* The logo, on a white tile at the top of the head; returns the height it takes. */
static double add_logo(struct making *m, const struct head *head, double y)
{
    const struct qr_logo *logo = m->plan->logo;
    double pad = 0.011 * m->u, height = head->logo * m->u, gap = 0.024 * m->u;

    if (!logo)
        return 0;
    double width = height * logo->width / logo->height, most = (m->w - 2 * m->margin) / 2;
    if (width > most) {
        height *= most / width;
        width = most;
    }
    double x = (m->w - width) / 2;
    struct qr_mark *tile = qr_plan_add(m->plan, QR_MARK_RECT, x - pad, y, width + 2 * pad, height + 2 * pad);
    tile->radius = pad;
    tile->colour = WHITE;
    qr_plan_add(m->plan, QR_MARK_LOGO, x, y + pad, width, height);
    return height + 2 * pad + gap;
}

/* Sets title and subtitle so that both have room, the title first. */
static bool set_head(struct making *m, const struct head *head, double logo, double gap, struct qr_words words[2])
{
    struct qr_box title = box(m, "title", m->p->title, m->k->title, 0);
    struct qr_box subtitle =
        box(m, "subtitle", m->k->round ? NULL : m->p->subtitle, m->k->subtitle, m->k->subtitle_min);

    words[0] = (struct qr_words){0};
    subtitle.chars = QR_SUBTITLE_CHARS;
    subtitle.lines = 2;
    title.bold = true;
    title.chars = QR_TITLE_CHARS;
    title.lines = m->k->round ? 1 : m->k->steps == STEPS_STACK ? 3 : 2;
    title.width = head->width;
    title.size_min = title_min(m);
    subtitle.height = head->height - logo - gap - title.size_min * (head->lines == 1 ? 1 : 2.28);
    if (!qr_text_set(m->type, &subtitle, &words[1], m->ret))
        return false;
    title.height = head->height - logo - (words[1].layout ? words[1].height + gap : 0);
    return qr_text_set(m->type, &title, &words[0], m->ret);
}

/* With air around it if it fits so, else closer. */
static bool add_head(struct making *m)
{
    struct qr_words words[2];

    for (int tight = 0; tight < 2; tight++) {
        struct head head = head_room(m, tight);
        int mark = m->plan->count;
        double gap = (tight ? 0.02 : 0.036) * m->u;
        double logo = add_logo(m, &head, 0);
        if (!set_head(m, &head, logo, gap, words)) {
            qr_words_clear(&words[1]);
            m->plan->count = mark;
            continue;
        }
        double title = words[0].height + (words[0].layout && words[1].layout ? gap : 0);
        double y = head.top + (head.height - logo - title - words[1].height) / 2;
        for (; mark < m->plan->count; mark++)
            m->plan->marks[mark].y += y;
        add_words(m, words[0], m->on_field, (m->w - head.width) / 2, y + logo);
        add_words(m, words[1], m->on_field, m->margin, y + logo + title);
        return true;
    }
    return false;
}

/* Cuts the steps at '|' into texts; their number, or -1 with a reason. */
static int split_steps(struct making *m, char out[QR_STEPS_MAX][STEP_BYTES])
{
    const char *at = m->p->steps ? m->p->steps : STEPS[m->p->guide][m->p->language];
    int n = 0;

    while (*at) {
        size_t len = strcspn(at, "|");
        if (n == QR_STEPS_MAX) {
            qr_refuse(m->ret, "steps", "at most %d", QR_STEPS_MAX);
            return -1;
        }
        if (len == 0 || len >= STEP_BYTES) {
            qr_refuse(m->ret, "steps", "each must have 1 to %d characters", QR_STEP_CHARS);
            return -1;
        }
        memcpy(out[n], at, len);
        out[n++][len] = '\0';
        at += len;
        at += *at == '|';
    }
    return n;
}

/* Sets all steps at one size: that of the one that needs the smallest. */
static bool set_steps(struct making *m, struct qr_box *b, char texts[][STEP_BYTES], int n, struct qr_words *ret)
{
    for (int pass = 0; pass < 2; pass++) {
        double least = b->size;
        for (int i = 0; i < n; i++) {
            b->text = texts[i];
            qr_words_clear(&ret[i]);
            if (!qr_text_set(m->type, b, &ret[i], m->ret))
                return false;
            least = fmin(least, ret[i].size);
        }
        if (least >= b->size)
            break;
        b->size = least;
        b->size_min = least * SAME; /* one that fitted exactly must fit again */
    }
    return true;
}

static bool add_number(struct making *m, int number, double x, double y, double d)
{
    char text[2] = {(char)('0' + number), '\0'};
    struct qr_box b = box(m, "steps", text, 0, 0);
    struct qr_words words;

    b.bold = true;
    b.chars = 2;
    b.width = b.height = d;
    b.size = b.size_min = d * 0.56;
    if (!qr_text_set(m->type, &b, &words, m->ret))
        return false;
    qr_plan_add(m->plan, QR_MARK_DISC, x, y, d, d)->colour = m->disc;
    /* figures are 0.73 em high, from the baseline at 0.88 */
    add_words(m, words, m->figure, x, y + d / 2 - b.size * 0.515);
    return true;
}

/* Right below the code's quiet zone, or a little below its panel. */
static double steps_top(const struct making *m)
{
    return m->k->code * m->h + (m->k->full ? 0.4 * m->margin : 0);
}

static bool add_row(struct making *m, struct qr_box *b, int n, char texts[][STEP_BYTES], struct qr_words *words)
{
    double column = (m->w - 2 * m->margin) / n, top = steps_top(m), room = m->k->list * m->h - top;
    double disc = 1.8 * b->size, gap = 0.4 * b->size, tallest = 0;

    b->width = column * 0.92;
    b->height = room - disc - gap;
    b->lines = 3;
    if (!set_steps(m, b, texts, n, words))
        return false;
    for (int i = 0; i < n; i++)
        tallest = fmax(tallest, words[i].height);
    double y = top + (room - disc - gap - tallest) / 2;
    for (int i = 0; i < n; i++) {
        double x = m->margin + column * i;
        if (n > 1 && !add_number(m, i + 1, x + (column - disc) / 2, y, disc))
            return false;
        add_words(m, words[i], m->ink, x + column * 0.04, y + disc + gap);
        words[i].layout = NULL;
    }
    return true;
}

static bool add_stack(struct making *m, struct qr_box *b, int n, char texts[][STEP_BYTES], struct qr_words *words)
{
    double top = steps_top(m), room = m->k->list * m->h - top, widest = 0, size = fmin(b->size, room / n / 2.3);
    double disc = n > 1 ? 1.7 * size : 0, gap = n > 1 ? 0.6 * size : 0, pitch = fmin(room / n, 2.7 * size);

    b->size = size;
    b->size_min = fmin(b->size_min, size);
    b->align = QR_LEFT;
    b->width -= disc + gap;
    b->height = pitch * 0.95;
    b->lines = 2;
    if (!set_steps(m, b, texts, n, words))
        return false;
    for (int i = 0; i < n; i++)
        widest = fmax(widest, words[i].width);
    double x = (m->w - disc - gap - widest) / 2, y = top + (room - pitch * n + pitch - disc) / 2;
    for (int i = 0; i < n; i++, y += pitch) {
        if (n > 1 && !add_number(m, i + 1, x, y, disc))
            return false;
        add_words(m, words[i], m->ink, x + disc + gap, y + (disc - words[i].height) / 2);
        words[i].layout = NULL;
    }
    return true;
}

static bool add_hint(struct making *m, struct qr_box *b, char texts[][STEP_BYTES], struct qr_words *words)
{
    double foot = m->p->label && *m->p->label ? m->k->list : (m->k->list + m->k->foot) / 2;

    b->width = HINT_ROOM * m->w;
    if (!set_steps(m, b, texts, 1, words))
        return false;
    add_words(m, words[0], m->ink, (m->w - b->width) / 2, foot * m->h - words[0].height);
    words[0].layout = NULL;
    return true;
}

static bool add_steps(struct making *m)
{
    char texts[QR_STEPS_MAX][STEP_BYTES];
    struct qr_words words[QR_STEPS_MAX] = {{0}};
    struct qr_box b = box(m, "steps", NULL, m->k->step, m->k->step_min);
    int n = split_steps(m, texts);
    bool ok = n >= 0;

    b.chars = QR_STEP_CHARS;
    b.one_line = STEP_ONE_LINE;
    if (n > 0 && m->k->steps == STEPS_ROW)
        ok = add_row(m, &b, n, texts, words);
    else if (n > 0 && m->k->steps == STEPS_STACK)
        ok = add_stack(m, &b, n, texts, words);
    else if (n > 0)
        ok = add_hint(m, &b, texts, words);
    for (int i = 0; i < QR_STEPS_MAX; i++)
        qr_words_clear(&words[i]);
    return ok;
}

/* One line: the link left and the channel's label right, or the only one in the middle. A disc has no room for a link.
 */
static bool add_foot(struct making *m)
{
    bool link = m->p->link && *m->p->link && !m->k->round, label = m->p->label && *m->p->label;
    struct qr_box left = box(m, "link", link ? m->p->link : NULL, m->k->small, m->k->small_min);
    struct qr_box right = box(m, "label", m->p->label, m->k->small, m->k->small_min);
    struct qr_words words;
    double y = m->k->foot * m->h - right.size;

    left.chars = QR_LINK_CHARS;
    right.chars = QR_LABEL_CHARS;
    if (m->k->round) {
        right.width = LABEL_ROOM * m->w;
    } else if (link && label) {
        left.align = QR_LEFT;
        right.align = QR_RIGHT;
        left.width *= LINK_SHARE;
        right.width *= LABEL_SHARE;
    }
    if (!qr_text_set(m->type, &left, &words, m->ret))
        return false;
    add_words(m, words, m->ink, m->margin, y);
    if (!qr_text_set(m->type, &right, &words, m->ret))
        return false;
    add_words(m, words, m->ink, right.align == QR_RIGHT ? m->w - m->margin - right.width : (m->w - right.width) / 2, y);
    return true;
}

struct qr_plan *qr_poster_plan(struct qr_type *t, const struct qr_poster *p, struct qr_refusal *ret_refusal)
{
    struct making m = {.type = t, .p = p, .k = &qr_templates[p->template], .ret = ret_refusal};

    m.plan = calloc(1, sizeof *m.plan);
    if (!m.plan) {
        ret_refusal->field = NULL;
        return NULL;
    }
    const struct paper *paper = encode(&m) ? qr_paper_choose(p, m.plan->symbol.size, ret_refusal) : NULL;
    if (paper) {
        page_begin(&m, paper);
        add_grounds(&m);
        if (add_head(&m) && add_steps(&m) && add_foot(&m))
            return m.plan;
    }
    qr_plan_free(m.plan);
    return NULL;
}

double qr_plan_reach(const struct qr_plan *plan)
{
    return qr_paper_reach(plan->template, plan->paper, plan->symbol.size);
}
