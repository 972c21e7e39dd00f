/*
 * A PDF of cairo is lines, but for what stands between `stream` and `endstream`: that is packed by zlib, and its length
 * is the object right behind it. The contents of pages are unpacked, changed and packed again; fonts and images pass as
 * they are. Places of objects, which the table at the end lists, are counted anew.
 */
#include "pdf_black.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    LINE_MAX_BYTES = 4096, /* what is longer is no line that says something */
    CHUNK = 16384,
    LEVEL = 4, /* of packing: the least that costs little room */
};

enum state {
    LINES,  /* objects */
    PACKED, /* a stream of zlib */
    RAW,    /* another stream, up to endstream */
    TABLE,  /* xref */
    PLACE,  /* the line behind startxref */
};

/* In what is unpacked: "0 0 0 rg" between blanks. */
struct ink {
    char held[9];
    size_t len;
    bool inside; /* a word: the byte before the held ones is no blank */
};

struct qr_pdf_black {
    int (*write)(void *ctx, const void *bytes, size_t len);
    void *ctx;
    int failed; /* -errno */
    enum state state;
    char line[LINE_MAX_BYTES];
    size_t len;
    bool cut;  /* the line began before what is in line */
    size_t at; /* bytes written */

    size_t *places; /* of objects, owned */
    size_t count;
    unsigned long object;        /* the present one */
    unsigned long length_object; /* the one that says how long the last stream was; 0: none */
    size_t length;
    bool packed, content; /* the present object's stream */
    size_t entry;         /* of the table */
    size_t table;         /* where it begins */
    bool whole;

    z_stream unpack, pack;
    bool unpacking, packing;
    struct ink ink;
    unsigned char plain[CHUNK], fresh[CHUNK];
};

static void out(struct qr_pdf_black *b, const void *bytes, size_t len)
{
    if (b->failed == 0 && len > 0)
        b->failed = b->write(b->ctx, bytes, len);
    b->at += len;
}

struct qr_pdf_black *qr_pdf_black_new(int (*write)(void *ctx, const void *bytes, size_t len), void *ctx)
{
    struct qr_pdf_black *b = calloc(1, sizeof *b);

    if (b) {
        b->write = write;
        b->ctx = ctx;
    }
    return b;
}

static void fail(struct qr_pdf_black *b, int why)
{
    if (b->failed == 0)
        b->failed = why;
}

static void object_begins(struct qr_pdf_black *b, unsigned long number)
{
    if (number >= QR_PDF_OBJECTS_MAX) {
        fail(b, -EIO);
        return;
    }
    if (number >= b->count) {
        size_t count = number * 2 + 64;
        size_t *places = realloc(b->places, count * sizeof *places);
        if (!places) {
            fail(b, -ENOMEM);
            return;
        }
        memset(places + b->count, 0, (count - b->count) * sizeof *places);
        b->places = places;
        b->count = count;
    }
    b->places[number] = b->at;
    b->object = number;
    b->packed = false;
    b->content = true;
}

static void stream_begins(struct qr_pdf_black *b)
{
    if (!b->packed) {
        b->state = RAW;
        return;
    }
    b->state = PACKED;
    b->length = 0;
    b->ink = (struct ink){0};
    b->unpack = b->pack = (z_stream){0};
    b->unpacking = inflateInit(&b->unpack) == Z_OK;
    b->packing = b->content && deflateInit(&b->pack, LEVEL) == Z_OK;
    if (!b->unpacking || b->packing != b->content)
        fail(b, -ENOMEM);
}

/* Removes the colour space of a page's group: in that of the paper, black ink stays black ink. */
static void without_group_space(char *line)
{
    char *space = strstr(line, "/CS /DeviceRGB");

    if (space)
        memmove(space, space + strlen("/CS /DeviceRGB"), strlen(space + strlen("/CS /DeviceRGB")) + 1);
}

/* A line of an object, its line feed with it. */
static void line_of_object(struct qr_pdf_black *b)
{
    char *line = b->line, *length;
    unsigned long number;
    int end = 0;

    if (sscanf(line, "%lu 0 obj%n", &number, &end) == 1 && end > 0)
        object_begins(b, number);
    without_group_space(line);
    if (strstr(line, "/FlateDecode"))
        b->packed = true;
    if (strstr(line, "/Subtype") && !strstr(line, "/Form"))
        b->content = false;
    if ((length = strstr(line, "/Length ")) && sscanf(length, "/Length %lu 0 R%n", &number, &end) == 1 &&
        strchr(length, 'R'))
        b->length_object = number;
    if (b->object == b->length_object && b->length_object && sscanf(line, " %lu%n", &number, &end) == 1 &&
        strspn(line + end, " \n") == strlen(line + end)) {
        snprintf(line, LINE_MAX_BYTES, "   %zu\n", b->length);
        b->length_object = 0;
    }
    if (strcmp(line, "xref\n") == 0) {
        b->table = b->at;
        b->state = TABLE;
        b->entry = 0;
    } else if (strcmp(line, "stream\n") == 0) {
        stream_begins(b);
    }
    out(b, line, strlen(line));
}

/* A line of the table, or of what stands behind it. */
static void line_of_table(struct qr_pdf_black *b)
{
    unsigned long place, generation;
    char kind;

    if (b->state == PLACE) {
        snprintf(b->line, LINE_MAX_BYTES, "%zu\n", b->table);
        b->state = LINES;
        b->whole = true;
    } else if (strcmp(b->line, "startxref\n") == 0) {
        b->state = PLACE;
    } else if (b->len == 20 && sscanf(b->line, "%10lu %5lu %c", &place, &generation, &kind) == 3) {
        if (kind == 'n' && (b->entry >= b->count || b->places[b->entry] == 0))
            fail(b, -EIO);
        else if (kind == 'n')
            snprintf(b->line, LINE_MAX_BYTES, "%010zu %05lu n \n", b->places[b->entry], generation);
        b->entry++;
    }
    out(b, b->line, strlen(b->line));
}

static void line_done(struct qr_pdf_black *b)
{
    b->line[b->len] = '\0';
    if (b->state == RAW || b->cut || strlen(b->line) != b->len) {
        if (b->state == RAW && !b->cut && strcmp(b->line, "endstream\n") == 0)
            b->state = LINES;
        out(b, b->line, b->len);
    } else if (b->state == LINES) {
        line_of_object(b);
    } else {
        line_of_table(b);
    }
    b->cut = b->line[b->len - 1] != '\n';
    b->len = 0;
}

static const unsigned char *lines(struct qr_pdf_black *b, const unsigned char *at, const unsigned char *end)
{
    const unsigned char *feed = memchr(at, '\n', (size_t)(end - at));
    size_t len = feed ? (size_t)(feed - at) + 1 : (size_t)(end - at);

    if (len > LINE_MAX_BYTES - 1 - b->len) {
        len = LINE_MAX_BYTES - 1 - b->len;
        feed = NULL;
    }
    memcpy(b->line + b->len, at, len);
    b->len += len;
    if (feed || b->len == LINE_MAX_BYTES - 1)
        line_done(b);
    return at + len;
}

static void pack(struct qr_pdf_black *b, const void *bytes, size_t len, int flush)
{
    b->pack.next_in = (void *)(uintptr_t)bytes;
    b->pack.avail_in = (uInt)len;
    do {
        b->pack.next_out = b->fresh;
        b->pack.avail_out = CHUNK;
        if (deflate(&b->pack, flush) == Z_STREAM_ERROR)
            fail(b, -EIO);
        size_t made = CHUNK - b->pack.avail_out;
        b->length += made;
        out(b, b->fresh, made);
    } while (b->pack.avail_out == 0 && b->failed == 0);
}

static bool blank(char c)
{
    return c == ' ' || c == '\n';
}

/* Can the held bytes become the operator that is looked for? Its last byte is the blank behind it. */
static bool promising(const struct ink *ink)
{
    static const char FILL[] = "0 0 0 rg", STROKE[] = "0 0 0 RG";
    size_t len = ink->len < 8 ? ink->len : 8;

    return !ink->inside && (memcmp(ink->held, FILL, len) == 0 || memcmp(ink->held, STROKE, len) == 0) &&
           (ink->len < 9 || blank(ink->held[8]));
}

/* Passes one byte on, or holds it, or replaces what is held; writes at most ten bytes to to, and returns how many. */
static size_t ink_byte(struct ink *ink, char c, char *to)
{
    size_t n = 0;

    ink->held[ink->len++] = c;
    while (ink->len > 0 && !promising(ink)) {
        to[n++] = ink->held[0];
        ink->inside = !blank(ink->held[0]);
        memmove(ink->held, ink->held + 1, --ink->len);
    }
    if (ink->len == sizeof ink->held) {
        memcpy(to + n, ink->held[6] == 'r' ? "0 0 0 1 k" : "0 0 0 1 K", 9);
        to[n + 9] = ink->held[8];
        n += 10;
        ink->len = 0;
        ink->inside = false;
    }
    return n;
}

static void recolour(struct qr_pdf_black *b, size_t len, bool last)
{
    char changed[CHUNK];
    size_t n = 0;

    for (size_t i = 0; i < len; i++) {
        n += ink_byte(&b->ink, (char)b->plain[i], changed + n);
        if (n > CHUNK - 2 * sizeof b->ink.held - 2) {
            pack(b, changed, n, Z_NO_FLUSH);
            n = 0;
        }
    }
    if (last) {
        memcpy(changed + n, b->ink.held, b->ink.len);
        n += b->ink.len;
    }
    pack(b, changed, n, last ? Z_FINISH : Z_NO_FLUSH);
}

static void stream_ends(struct qr_pdf_black *b)
{
    if (b->unpacking)
        inflateEnd(&b->unpack);
    b->unpacking = false;
    if (b->packing)
        deflateEnd(&b->pack);
    b->packing = false;
    b->state = LINES;
}

static const unsigned char *packed(struct qr_pdf_black *b, const unsigned char *at, const unsigned char *end)
{
    bool last = false;

    b->unpack.next_in = (void *)(uintptr_t)at;
    b->unpack.avail_in = (uInt)(end - at);
    do {
        b->unpack.next_out = b->plain;
        b->unpack.avail_out = CHUNK;
        int r = inflate(&b->unpack, Z_NO_FLUSH);
        last = r == Z_STREAM_END;
        if (r != Z_OK && !last && r != Z_BUF_ERROR)
            fail(b, -EIO);
        if (b->packing)
            recolour(b, CHUNK - b->unpack.avail_out, last);
    } while (!last && b->unpack.avail_out == 0 && b->failed == 0);
    const unsigned char *next = b->unpack.next_in;
    if (!b->packing) {
        b->length += (size_t)(next - at);
        out(b, at, (size_t)(next - at));
    }
    if (last)
        stream_ends(b);
    return next;
}

int qr_pdf_black_take(struct qr_pdf_black *b, const void *bytes, size_t len)
{
    const unsigned char *at = bytes, *end = at + len;

    while (at < end && b->failed == 0)
        at = b->state == PACKED ? packed(b, at, end) : lines(b, at, end);
    return b->failed;
}

int qr_pdf_black_end(struct qr_pdf_black *b)
{
    out(b, b->line, b->len); /* %%EOF has no line feed */
    if (!b->whole)
        fail(b, -EIO);
    stream_ends(b);
    int failed = b->failed;
    free(b->places);
    free(b);
    return failed;
}
