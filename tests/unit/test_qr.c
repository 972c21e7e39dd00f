/* Symbols and their forms: read back by two decoders (zbarimg, ZXingReader), measured in the bitmap, refused where
 * wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <png.h>

#include "qr.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const struct qr_look plain = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
static char folder[] = "/tmp/huoma-qr-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static void write_file(const char *name, const void *bytes, size_t len)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* What a command that runs in the folder prints, without its last newline. */
static void output_of(const char *command, char *out, size_t size)
{
    char line[512];
    snprintf(line, sizeof line, "cd %s && %s", folder, command);
    FILE *f = popen(line, "r");
    assert_non_null(f);
    size_t len = fread(out, 1, size - 1, f);
    assert_int_equal(pclose(f), 0);
    if (len && out[len - 1] == '\n')
        len--;
    out[len] = '\0';
}

static void assert_decodes(const char *file, const char *text)
{
    static char got[16384];
    char command[256];

    snprintf(command, sizeof command, "zbarimg -q --raw -Sdisable -Sqrcode.enable %s 2>/dev/null", file);
    output_of(command, got, sizeof got);
    assert_string_equal(got, text);
    snprintf(command, sizeof command, "ZXingReader -bytes %s", file);
    output_of(command, got, sizeof got);
    assert_string_equal(got, text);
}

struct bitmap {
    png_image image;
    uint8_t *rgb;
};

static void bitmap_read(struct bitmap *b, const uint8_t *png, size_t len)
{
    b->image = (png_image){.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&b->image, png, len));
    b->image.format = PNG_FORMAT_RGB;
    b->rgb = malloc(PNG_IMAGE_SIZE(b->image));
    assert_non_null(b->rgb);
    assert_true(png_image_finish_read(&b->image, NULL, b->rgb, 0, NULL));
}

static uint32_t bitmap_at(const struct bitmap *b, int x, int y)
{
    const uint8_t *p = b->rgb + ((size_t)y * b->image.width + (size_t)x) * 3;
    return (uint32_t)(p[0] << 16 | p[1] << 8 | p[2]);
}

static void text_of_length(char *out, size_t len)
{
    static const char start[] = "https://q.example.com/Ab-9_z";
    for (size_t i = 0; i < len; i++)
        out[i] = i < sizeof start - 1 ? start[i] : (char)('a' + (i * 7 + i / 11) % 26);
    out[len] = '\0';
}

static void test_png_decodes(void **state)
{
    static const size_t lengths[] = {1, 26, 60, 250, 1000};
    char text[1100];

    (void)state;
    for (enum qr_ecc ecc = QR_ECC_L; ecc <= QR_ECC_H; ecc++) {
        for (size_t i = 0; i < COUNT_OF(lengths); i++) {
            struct qr_symbol s;
            size_t len;
            text_of_length(text, lengths[i]);
            assert_int_equal(qr_encode(text, lengths[i], ecc, &s), 0);
            uint8_t *png = qr_to_png(&s, &plain, (s.size + 8) * 5 + 3, &len);
            assert_non_null(png);
            write_file("a.png", png, len);
            assert_decodes("a.png", text);
            free(png);
            qr_symbol_clear(&s);
        }
    }
}

static void test_correction_differs(void **state)
{
    int size[4];
    char text[201];

    (void)state;
    text_of_length(text, 200);
    for (enum qr_ecc ecc = QR_ECC_L; ecc <= QR_ECC_H; ecc++) {
        struct qr_symbol s;
        assert_int_equal(qr_encode(text, 200, ecc, &s), 0);
        size[ecc] = s.size;
        qr_symbol_clear(&s);
    }
    assert_true(size[0] < size[1] && size[1] < size[2] && size[2] < size[3]);
}

static void test_densest_mode(void **state)
{
    struct qr_symbol upper, lower;

    (void)state;
    assert_int_equal(qr_encode("HTTPS://Q.EXAMPLE.COM/SPRING-RUN", 32, QR_ECC_M, &upper), 0);
    assert_int_equal(qr_encode("https://q.example.com/spring-run", 32, QR_ECC_M, &lower), 0);
    assert_int_equal(upper.size, 25);
    assert_int_equal(lower.size, 29);
    qr_symbol_clear(&upper);
    qr_symbol_clear(&lower);
}

/* Scheme and host mean the same in capitals, what a caller calls its own too; the rest is never touched. */
static void test_compact_touches_only_what_means_the_same(void **state)
{
    static const struct {
        const char *url;
        size_t own;
        const char *out, *said;
    } table[] = {
        {"https://q.example.com/spring-run", 11, "HTTPS://Q.EXAMPLE.COM/SPRING-RUN", "25 of 29 modules"},
        {"https://q.example.com/SPRING-RUN", 0, "HTTPS://Q.EXAMPLE.COM/SPRING-RUN", "25 of 29 modules"},
        {"https://q.example.com/spring-run", 0, NULL, "not used: the path may mean something else in capitals"},
        {"https://q.example.com/?C=3&D=4+5&E=6-78", 0, NULL, "not used: it would not be smaller"},
        {"http://q.example.com/go/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 50,
         "HTTP://Q.EXAMPLE.COM/go/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "33 of 37 modules"},
        {"http://who:where@q.example.com/A/B/C/D/E/F", 0, NULL,
         "not used: the path may mean something else in capitals"},
        {"weixin://dl/business/", 0, NULL, "not used: the path may mean something else in capitals"},
        {"a", 0, NULL, "not used: the path may mean something else in capitals"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct qr_symbol s;
        char out[128], said[QR_COMPACT_SAID];
        size_t len = strlen(table[i].url);
        assert_int_equal(qr_encode_compact(table[i].url, len, table[i].own, QR_ECC_M, &s, out, said), 0);
        assert_string_equal(out, table[i].out ? table[i].out : table[i].url);
        assert_string_equal(said, table[i].said);
        qr_symbol_clear(&s);
    }
}

/* The PNG's every pixel is its module's colour; what is outside of the symbol is light, at least `margin` modules wide.
 */
static void assert_bitmap(const struct qr_symbol *s, const struct qr_look *look, int px)
{
    size_t len;
    struct bitmap b;
    uint8_t *png = qr_to_png(s, look, px, &len);
    assert_non_null(png);
    assert_int_equal(png[24], 1); /* bits a pixel, in IHDR */
    bitmap_read(&b, png, len);
    assert_int_equal(b.image.width, px);
    assert_int_equal(b.image.height, px);

    int scale = px / (s->size + 2 * look->margin), left = px, right = -1;
    for (int y = 0; y < px; y++) {
        for (int x = 0; x < px; x++) {
            if (bitmap_at(&b, x, y) == look->dark) {
                left = x < left ? x : left;
                right = x > right ? x : right;
            } else {
                assert_int_equal(bitmap_at(&b, x, y), look->light);
            }
        }
    }
    assert_true(left >= look->margin * scale);
    assert_true(px - 1 - right >= look->margin * scale);
    assert_true(abs(left - (px - 1 - right)) <= 1);
    assert_int_equal(right - left + 1, s->size * scale);
    for (int y = 0; y < s->size * scale; y++) {
        for (int x = 0; x < s->size * scale; x++) {
            bool dark = s->modules[y / scale * s->size + x / scale];
            assert_int_equal(bitmap_at(&b, left + x, left + y), dark ? look->dark : look->light);
        }
    }
    free(b.rgb);
    free(png);
}

static void test_png_pixels(void **state)
{
    struct qr_symbol s;
    const struct qr_look green = {.margin = 7, .dark = 0x04633a, .light = 0xfff8e0};

    (void)state;
    assert_int_equal(qr_encode("https://q.example.com/a", 23, QR_ECC_M, &s), 0);
    int total = s.size + 8;
    const int sides[] = {total, total + 1, 2 * total - 1, 2 * total, 500, 513};
    for (size_t i = 0; i < COUNT_OF(sides); i++)
        assert_bitmap(&s, &plain, sides[i]);
    assert_bitmap(&s, &green, 400);
    size_t len;
    assert_null(qr_to_png(&s, &plain, total - 1, &len));
    assert_null(qr_to_png(&s, &plain, 0, &len));
    assert_null(qr_to_png(&s, &plain, -5, &len));
    assert_null(qr_to_png(&s, &plain, QR_PX_MAX + 1, &len));
    assert_null(qr_to_png(&s, &(struct qr_look){.margin = 3, .light = 0xffffff}, 500, &len));
    qr_symbol_clear(&s);
}

static void test_same_bytes(void **state)
{
    struct qr_symbol a, b;
    size_t a_len, b_len;

    (void)state;
    assert_int_equal(qr_encode("https://q.example.com/a", 23, QR_ECC_Q, &a), 0);
    assert_int_equal(qr_encode("https://q.example.com/a and more", 23, QR_ECC_Q, &b), 0);
    uint8_t *a_png = qr_to_png(&a, &plain, 300, &a_len), *b_png = qr_to_png(&b, &plain, 300, &b_len);
    assert_int_equal(a_len, b_len);
    assert_memory_equal(a_png, b_png, a_len);
    free(a_png);
    free(b_png);
    qr_symbol_clear(&a);
    qr_symbol_clear(&b);
}

static void test_svg(void **state)
{
    static const struct {
        double mm;
        const char *text;
    } sizes[] = {{30, "width=\"30mm\" height=\"30mm\""},
                 {25.5, "width=\"25.5mm\""},
                 {12.25, "width=\"12.25mm\""},
                 {12.05, "width=\"12.05mm\""}};
    static const double refused[] = {0, -1, 0.5, QR_MM_MAX + 1, 0.0 / 0.0, 1.0 / 0.0};
    struct qr_symbol s;
    size_t len;

    (void)state;
    assert_int_equal(qr_encode("https://q.example.com/spring-run", 32, QR_ECC_H, &s), 0);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char box[96];
        char *svg = qr_to_svg(&s, &plain, sizes[i].mm, &len);
        assert_non_null(svg);
        assert_int_equal(strlen(svg), len);
        assert_non_null(strstr(svg, sizes[i].text));
        snprintf(box, sizeof box, "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"", s.size + 8, s.size + 8);
        assert_non_null(strstr(svg, box));
        const char *dark = strstr(svg, "<path fill=\"#000000\"");
        assert_non_null(dark);
        assert_null(strstr(dark + 1, "<path"));
        free(svg);
    }
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_null(qr_to_svg(&s, &plain, refused[i], &len));
    char *svg = qr_to_svg(&s, &(struct qr_look){.margin = 6, .dark = 0x123456, .light = 0xfffff0}, 40, &len);
    char out[256];
    write_file("a.svg", svg, len);
    output_of("rsvg-convert -w 600 -o svg.png a.svg", out, sizeof out);
    assert_decodes("svg.png", "https://q.example.com/spring-run");
    free(svg);
    qr_symbol_clear(&s);
}

/* Draws the terminal's half blocks back into modules: light where the colours say so. */
static void assert_terminal(const struct qr_symbol *s, bool colour)
{
    static const char *const blocks[] = {" ", "▄", "▀", "█"};
    size_t len;
    char *text = qr_to_terminal(s, colour, &len), *at = text;

    assert_non_null(text);
    for (int y = -QR_QUIET; y < s->size + QR_QUIET; y += 2) {
        if (colour) {
            assert_memory_equal(at, "\x1b[38;5;16;48;5;231m", 19);
            at += 19;
        }
        for (int x = -QR_QUIET; x < s->size + QR_QUIET; x++) {
            int ink = -1;
            for (int i = 3; ink < 0; i--) {
                if (!strncmp(at, blocks[i], strlen(blocks[i])))
                    ink = i;
            }
            at += strlen(blocks[ink]);
            for (int half = 0; half < 2; half++) {
                int row = y + half;
                bool inside = x >= 0 && row >= 0 && x < s->size && row < s->size;
                bool dark = inside && s->modules[row * s->size + x];
                assert_int_equal((ink >> (1 - half)) & 1, colour ? dark : !dark);
            }
        }
        if (colour) {
            assert_memory_equal(at, "\x1b[0m", 4);
            at += 4;
        }
        assert_int_equal(*at++, '\n');
    }
    assert_int_equal((size_t)(at - text), len);
    free(text);
}

static void test_terminal(void **state)
{
    struct qr_symbol s;

    (void)state;
    assert_int_equal(qr_encode("http://192.168.1.20:8080/demo", 29, QR_ECC_L, &s), 0);
    assert_terminal(&s, true);
    assert_terminal(&s, false);
    qr_symbol_clear(&s);
}

static void test_encode_refuses(void **state)
{
    struct qr_symbol s = {.size = 77};
    char text[QR_TEXT_MAX + 2];

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(qr_encode("", 0, QR_ECC_L, &s), -EINVAL);
    assert_int_equal(qr_encode("a\0b", 3, QR_ECC_L, &s), -EINVAL);
    assert_int_equal(qr_encode("abc", 3, (enum qr_ecc)4, &s), -EINVAL);
    assert_int_equal(qr_encode(text, QR_TEXT_MAX + 1, QR_ECC_L, &s), -E2BIG);
    assert_int_equal(qr_encode(text, QR_TEXT_MAX, QR_ECC_H, &s), -E2BIG);
    assert_int_equal(s.size, 77);
    assert_int_equal(qr_encode(text, QR_TEXT_MAX, QR_ECC_M, &s), 0);
    qr_symbol_clear(&s);
    assert_null(s.modules);
}

static void test_look(void **state)
{
    static const struct {
        struct qr_look look;
        bool refused;
    } table[] = {
        {{4, 0x000000, 0xffffff, false, NULL}, false}, {{40, 0x000000, 0xffffff, false, NULL}, false},
        {{3, 0x000000, 0xffffff, false, NULL}, true},  {{41, 0x000000, 0xffffff, false, NULL}, true},
        {{-1, 0x000000, 0xffffff, false, NULL}, true}, {{4, 0xffffff, 0x000000, false, NULL}, true},
        {{4, 0x7f7f7f, 0xffffff, false, NULL}, false}, {{4, 0x878787, 0xffffff, false, NULL}, true},
        {{4, 0x067a44, 0xffffff, false, NULL}, false}, {{4, 0x07a35a, 0xffffff, false, NULL}, true},
        {{4, 0xff0000, 0x0000ff, false, NULL}, true},  {{4, 0x000000, 0x1ffffff, false, NULL}, true},
        {{4, 0x777777, 0x777777, false, NULL}, true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const char *why = qr_look_refused(&table[i].look);
        if (!why != !table[i].refused)
            fail_msg("look %zu: %s", i, why ? why : "accepted");
    }
}

static void test_colours(void **state)
{
    static const struct {
        const char *text;
        long rgb;
    } table[] = {{"#07a35a", 0x07a35a},
                 {"07A35A", 0x07a35a},
                 {"#fff", 0xffffff},
                 {"#1aF", 0x11aaff},
                 {"", -1},
                 {"#", -1},
                 {"fff", -1},
                 {"#ffff", -1},
                 {"#07a35", -1},
                 {"#07a35g", -1},
                 {"0x1234", -1},
                 {"#-12345", -1},
                 {"red", -1},
                 {"##12345", -1},
                 {"#07a35a ", -1}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        uint32_t rgb = 0xabcdef;
        bool ok = qr_colour_from_text(table[i].text, strlen(table[i].text), &rgb);
        assert_int_equal(ok, table[i].rgb >= 0);
        assert_int_equal(rgb, ok ? table[i].rgb : 0xabcdef);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_decodes),
        cmocka_unit_test(test_correction_differs),
        cmocka_unit_test(test_densest_mode),
        cmocka_unit_test(test_png_pixels),
        cmocka_unit_test(test_same_bytes),
        cmocka_unit_test(test_svg),
        cmocka_unit_test(test_terminal),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_colours),
        cmocka_unit_test(test_compact_touches_only_what_means_the_same),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
