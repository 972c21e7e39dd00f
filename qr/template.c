/* The tables of templates and papers, and their names. */
#include "template_private.h"

#include <stdio.h>
#include <string.h>

#define A2                                                                                                             \
    {                                                                                                                  \
        "a2", 420, 594                                                                                                 \
    }
#define A3                                                                                                             \
    {                                                                                                                  \
        "a3", 297, 420                                                                                                 \
    }
#define A4                                                                                                             \
    {                                                                                                                  \
        "a4", 210, 297                                                                                                 \
    }
#define A5                                                                                                             \
    {                                                                                                                  \
        "a5", 148, 210                                                                                                 \
    }
#define A6                                                                                                             \
    {                                                                                                                  \
        "a6", 105, 148                                                                                                 \
    }
#define LETTER                                                                                                         \
    {                                                                                                                  \
        "letter", 215.9, 279.4                                                                                         \
    }
#define DPI(n) ((n) / 25.4)

const struct template qr_templates[QR_TEMPLATES] = {
    [QR_POSTER] = {.name = "poster",
                   .papers = {A4, A5, LETTER, A3, A2},
                   .steps = STEPS_ROW,
                   .aspect = 1.414,
                   .head = 0.265,
                   .code = 0.79,
                   .side = 0.84,
                   .list = 0.915,
                   .foot = 0.9434,
                   .title = 0.14,
                   .title_min = 0.046,
                   .subtitle = 0.037,
                   .subtitle_min = 0.025,
                   .step = 0.034,
                   .step_min = 0.02,
                   .small = 0.021,
                   .small_min = 0.012,
                   .px_per_mm = DPI(300)},
    [QR_FLYER] = {.name = "flyer",
                  .papers = {A5, A6, A4},
                  .steps = STEPS_ROW,
                  .aspect = 1.414,
                  .head = 0.265,
                  .code = 0.785,
                  .side = 0.84,
                  .list = 0.91,
                  .foot = 0.9434,
                  .title = 0.14,
                  .title_min = 0.046,
                  .subtitle = 0.04,
                  .subtitle_min = 0.029,
                  .step = 0.036,
                  .step_min = 0.023,
                  .small = 0.024,
                  .small_min = 0.016,
                  .px_per_mm = DPI(300)},
    [QR_CARD] = {.name = "card",
                 .papers = {A6, A5},
                 .full = true,
                 .steps = STEPS_ROW,
                 .aspect = 1.41,
                 .head = 0.265,
                 .code = 0.765,
                 .side = 0.66,
                 .list = 0.912,
                 .foot = 0.9434,
                 .title = 0.14,
                 .title_min = 0.045,
                 .subtitle = 0.041,
                 .subtitle_min = 0.03,
                 .step = 0.036,
                 .step_min = 0.025,
                 .small = 0.028,
                 .small_min = 0.019,
                 .px_per_mm = DPI(300)},
    [QR_STICKER] =
        {.name = "sticker",
         .papers = {{"60mm", 60, 60}, {"40mm", 40, 40}, {"50mm", 50, 50}, {"80mm", 80, 80}, {"100mm", 100, 100}},
         .full = true,
         .round = true,
         .steps = STEPS_HINT,
         .aspect = 1,
         .head = 0.175,
         .code = 0.825,
         .side = 0.58,
         .list = 0.897,
         .foot = 0.945,
         .title = 0.082,
         .title_min = 0.042,
         .subtitle = 0,
         .subtitle_min = 0,
         .step = 0.054,
         .step_min = 0.045,
         .small = 0.036,
         .small_min = 0.03,
         .px_per_mm = DPI(600)},
    [QR_BANNER] = {.name = "banner",
                   .papers = {{"800x2000", 800, 2000},
                              {"600x1600", 600, 1600},
                              {"850x2000", 850, 2000},
                              {"1000x2000", 1000, 2000},
                              {"1200x2000", 1200, 2000}},
                   .full = true,
                   .steps = STEPS_STACK,
                   .aspect = 2.5,
                   .head = 0.27,
                   .code = 0.61,
                   .side = 0.80,
                   .list = 0.8,
                   .foot = 0.865,
                   .title = 0.155,
                   .title_min = 0.07,
                   .subtitle = 0.055,
                   .subtitle_min = 0.035,
                   .step = 0.075,
                   .step_min = 0.042,
                   .small = 0.03,
                   .small_min = 0.015,
                   .px_per_mm = DPI(72)},
    [QR_MOMENTS] = {.name = "moments",
                    .papers = {{"1080x1920", 108, 192}},
                    .full = true,
                    .steps = STEPS_STACK,
                    .aspect = 1.778,
                    .head = 0.27,
                    .code = 0.7,
                    .side = 0.73,
                    .list = 0.885,
                    .foot = 0.955,
                    .title = 0.14,
                    .title_min = 0.05,
                    .subtitle = 0.05,
                    .subtitle_min = 0.032,
                    .step = 0.06,
                    .step_min = 0.036,
                    .small = 0.032,
                    .small_min = 0.02,
                    .px_per_mm = 10,
                    .whole = 0.1},
};

bool qr_template_from_text(const char *text, size_t len, enum qr_template *ret)
{
    for (int i = 0; i < QR_TEMPLATES; i++) {
        if (strlen(qr_templates[i].name) == len && memcmp(qr_templates[i].name, text, len) == 0) {
            *ret = (enum qr_template)i;
            return true;
        }
    }
    return false;
}

const char *qr_template_name(enum qr_template template)
{
    return qr_templates[template].name;
}

void qr_template_papers(enum qr_template template, char *out, size_t size)
{
    const struct paper *papers = qr_templates[template].papers;
    size_t at = 0;

    out[0] = '\0';
    for (int i = 0; i < PAPERS_MAX && papers[i].name && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? ", " : "", papers[i].name);
}
