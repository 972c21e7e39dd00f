/* Which paper a poster is printed on: the one that was asked for, or one that scans from far enough; or why none. */
#include "paper_private.h"

#include "code.h"
#include "distance.h"

#include <math.h>
#include <strings.h>

double qr_paper_side(const struct template *k, const struct paper *paper, int modules)
{
    double pad = k->full ? 2 * PANEL_PAD * paper->width : 0;
    double side = fmin(k->side * paper->width, (k->code - k->head) * paper->height - pad);
    int across = modules + 2 * QR_QUIET;

    if (k->whole > 0 && side / across >= k->whole) /* modules of whole pixels */
        return floor(side / across / k->whole) * k->whole * across;
    return side;
}

double qr_paper_reach(const struct template *k, const struct paper *paper, int modules)
{
    return qr_distance_reach(qr_paper_side(k, paper, modules) * modules / (modules + 2 * QR_QUIET), modules);
}

static const struct paper *paper_find(const struct template *k, const char *name)
{
    for (int i = 0; i < PAPERS_MAX && k->papers[i].name; i++)
        if (strcasecmp(k->papers[i].name, name) == 0)
            return &k->papers[i];
    return NULL;
}

/* The own paper if it will do, else the smallest that will; NULL: none. */
static const struct paper *paper_for(const struct template *k, double distance, int modules)
{
    const struct paper *best = NULL;

    for (int i = 0; i < PAPERS_MAX && k->papers[i].name; i++) {
        const struct paper *paper = &k->papers[i];
        if (qr_paper_reach(k, paper, modules) < distance)
            continue;
        if (i == 0)
            return paper;
        if (!best || paper->width * paper->height < best->width * best->height)
            best = paper;
    }
    return best;
}

/* Too far for this paper: says what it is good for, and what would do. */
static bool refuse_distance(const struct qr_poster *p, const struct paper *paper, int modules, struct qr_refusal *ret)
{
    const struct template *k = &qr_templates[p->template];
    char good[QR_DISTANCE_WORDS], most[QR_DISTANCE_WORDS];
    const struct template *banner = &qr_templates[QR_BANNER];
    const struct paper *larger = paper_for(k, p->distance, modules);
    double farthest = 0;

    qr_distance_say(qr_paper_reach(k, paper, modules), good);
    if (larger)
        return qr_refuse(ret, "distance", "too far for a %s on %s, which is good for %s: paper=%s would do", k->name,
                         paper->name, good, larger->name);
    for (int i = 0; i < QR_TEMPLATES; i++) {
        larger = i == QR_STICKER || i == QR_MOMENTS ? NULL : paper_for(&qr_templates[i], p->distance, modules);
        if (larger)
            return qr_refuse(ret, "distance",
                             "too far for a %s on %s, which is good for %s: template=%s, paper=%s would do", k->name,
                             paper->name, good, qr_templates[i].name, larger->name);
    }
    for (int i = 0; i < PAPERS_MAX && banner->papers[i].name; i++)
        farthest = fmax(farthest, qr_paper_reach(banner, &banner->papers[i], modules));
    qr_distance_say(farthest, most);
    return qr_refuse(ret, "distance",
                     "too far for a %s on %s, which is good for %s: no template scans from farther than %s", k->name,
                     paper->name, good, most);
}

const struct paper *qr_paper_choose(const struct qr_poster *p, int modules, struct qr_refusal *ret_refusal)
{
    const struct template *k = &qr_templates[p->template];
    const struct paper *paper = &k->papers[0];
    char names[QR_REASON_MAX - 32];

    if (p->paper && *p->paper) {
        paper = paper_find(k, p->paper);
        if (!paper) {
            qr_template_papers(p->template, names, sizeof names);
            qr_refuse(ret_refusal, "paper", "for a %s one of %s", k->name, names);
            return NULL;
        }
    } else if (p->distance > 0) {
        const struct paper *far = paper_for(k, p->distance, modules);
        paper = far ? far : paper;
    }
    double reach = qr_paper_reach(k, paper, modules);
    if (reach <= 0) {
        qr_refuse(ret_refusal, "paper", "%s is too small for so long a link: its modules would be under %.1f mm",
                  paper->name, qr_module_min);
        return NULL;
    }
    if (p->distance > reach) {
        refuse_distance(p, paper, modules, ret_refusal);
        return NULL;
    }
    return paper;
}
