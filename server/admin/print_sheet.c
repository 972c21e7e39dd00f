/* See print_sheet.h. */
#include "print_sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"

bool print_sheet_add(struct print_sheet *s, const char *channel, const char *label, const char *field,
                     struct field_errors *errors)
{
    struct print_place place = {"", ""};
    if (s->count == PRINT_SHEET_MAX) {
        s->more = true;
        return true;
    }
    if (!print_channel(channel, place.channel))
        field_errors_add(errors, field, "%s", PRINT_CHANNEL_RULE);
    else if (campaign_channel_is_funnels(place.channel))
        field_errors_add(errors, field, "%s", CAMPAIGN_FUNNEL_CHANNEL_RULE);
    if (label && strlen(label) > PRINT_LABEL_MAX)
        field_errors_add(errors, field, "has a label of more than %d bytes", (int)PRINT_LABEL_MAX);
    else if (label)
        snprintf(place.label, sizeof place.label, "%s", label);
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct print_place *places = realloc(s->places, room * sizeof *places);
        if (!places)
            return false;
        s->places = places;
        s->room = room;
    }
    s->places[s->count++] = place;
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct print_place *const *x = a, *const *y = b;
    return strcmp((*x)->channel, (*y)->channel);
}

/* The first that is there twice, NULL: none. */
static const char *find_twice(const struct print_sheet *s)
{
    const struct print_place *sorted[PRINT_SHEET_MAX];
    for (size_t i = 0; i < s->count; i++)
        sorted[i] = &s->places[i];
    qsort(sorted, s->count, sizeof *sorted, compare);
    for (size_t i = 1; i < s->count; i++)
        if (strcmp(sorted[i - 1]->channel, sorted[i]->channel) == 0)
            return sorted[i]->channel;
    return NULL;
}

void print_sheet_check(const struct print_sheet *s, struct field_errors *errors)
{
    if (s->count == 0 && errors->count == 0)
        field_errors_add(errors, "channels", "must name at least one channel");
    else if (s->more)
        field_errors_add(errors, "channels", "are more than %d", (int)PRINT_SHEET_MAX);
    const char *twice = errors->count == 0 ? find_twice(s) : NULL;
    if (twice)
        field_errors_add(errors, "channels", "names %s twice", twice);
}

void print_sheet_clear(struct print_sheet *s)
{
    free(s->places);
    *s = (struct print_sheet){0};
}

char *print_sheet_csv(const struct print_sheet *s, const char *base_url, const char *slug, size_t *len)
{
    char *text = NULL, link[PRINT_LINK_MAX];
    FILE *out = open_memstream(&text, len);
    if (!out)
        return NULL;
    fputs("\xef\xbb\xbf"
          "channel,link\r\n",
          out);
    for (size_t i = 0; i < s->count; i++) {
        print_link(link, base_url, slug, s->places[i].channel);
        csv_put_cell(out, s->places[i].channel);
        fputc(',', out);
        csv_put_cell(out, link);
        fputs("\r\n", out);
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
