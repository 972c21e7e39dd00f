/* Images of codes, good, broken and made to harm, through the real huoma-decode: always an answer in time, and nothing
 * left behind. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <jpeglib.h>
#include <png.h>

#include "decode_child.h"
#include "decode_private.h"
#include "decode_sandbox.h"
#include "logo.h"
#include "proof.h"
#include "qr.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define URL "https://weixin.qq.com/g/AwYAAHhIZ8c"

static const struct qr_look plain = {.margin = QR_QUIET, .dark = 0x000000, .light = 0xffffff};
static const struct qr_look dark_mode = {.margin = QR_QUIET, .dark = 0xe0e0e0, .light = 0x101010};
static char text[QR_DECODE_TEXT_MAX + 1];

static uint8_t *png_of(const char *says, const struct qr_look *look, int px, size_t *len)
{
    struct qr_symbol symbol;
    uint8_t *png;

    assert_int_equal(qr_encode(says, strlen(says), QR_ECC_M, &symbol), 0);
    png = qr_to_png(&symbol, look, px, len);
    assert_non_null(png);
    qr_symbol_clear(&symbol);
    return png;
}

/* Grey pixels of a PNG of ours; side: of the square. */
static uint8_t *pixels_of(const uint8_t *png, size_t len, unsigned *side)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t *gray;

    assert_true(png_image_begin_read_from_memory(&image, png, len));
    image.format = PNG_FORMAT_GRAY;
    gray = malloc(PNG_IMAGE_SIZE(image));
    assert_true(png_image_finish_read(&image, NULL, gray, 0, NULL));
    *side = image.width;
    return gray;
}

static uint8_t *jpeg_of(const uint8_t *gray, unsigned width, unsigned height, int quality, unsigned long *len)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    uint8_t *bytes = NULL;

    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, len);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < height) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(gray + (size_t)jpeg.next_scanline * width);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return bytes;
}

static uint8_t *jpeg_of_code(const char *says, int px, int quality, unsigned long *len)
{
    size_t png_len;
    unsigned side;
    uint8_t *png = png_of(says, &plain, px, &png_len), *gray = pixels_of(png, png_len, &side);
    uint8_t *jpeg = jpeg_of(gray, side, side, quality, len);

    free(gray);
    free(png);
    return jpeg;
}

static int open_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void a_code_is_read(void **state)
{
    static const char *const says[] = {URL, "https://t.me/+abc", "weixin://dl/business/?t=abc", "微信群"};
    int before = open_descriptors();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(says); i++) {
        size_t len;
        uint8_t *png = png_of(says[i], &plain, 300, &len);

        assert_int_equal(qr_decode(png, len, text), QR_DECODED);
        assert_string_equal(text, says[i]);
        free(png);
    }
    assert_int_equal(open_descriptors(), before);
    assert_true(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
}

static void light_on_dark_and_poor_jpegs_are_read(void **state)
{
    unsigned long jpeg_len;
    size_t len;
    struct qr_look light = dark_mode;
    uint8_t *png = png_of(URL, &light, 400, &len), *jpeg = jpeg_of_code(URL, 400, 25, &jpeg_len);

    (void)state;
    assert_int_equal(qr_decode(png, len, text), QR_DECODED);
    assert_string_equal(text, URL);
    assert_int_equal(qr_decode(jpeg, jpeg_len, text), QR_DECODED);
    assert_string_equal(text, URL);
    free(png);
    free(jpeg);
}

/* Two codes side by side. */
static void several_codes_are_refused_unless_they_say_the_same(void **state)
{
    static const char *const second[] = {"https://t.me/+other-group", URL};
    static const enum qr_decoded expected[] = {QR_DECODE_SEVERAL, QR_DECODED};

    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t len;
        unsigned a, b;
        uint8_t *left = png_of(URL, &plain, 400, &len), *left_gray = pixels_of(left, len, &a);
        uint8_t *right = png_of(second[i], &plain, 400, &len), *right_gray = pixels_of(right, len, &b);
        uint8_t *both = malloc((size_t)(a + b) * a), *jpeg;
        unsigned long jpeg_len;

        assert_int_equal(a, b);
        for (unsigned y = 0; y < a; y++) {
            memcpy(both + (size_t)y * 2 * a, left_gray + (size_t)y * a, a);
            memcpy(both + (size_t)y * 2 * a + a, right_gray + (size_t)y * a, a);
        }
        jpeg = jpeg_of(both, 2 * a, a, 90, &jpeg_len);
        assert_int_equal(qr_decode(jpeg, jpeg_len, text), expected[i]);
        free(left), free(right), free(left_gray), free(right_gray), free(both), free(jpeg);
    }
}

static void what_is_no_code_says_why(void **state)
{
    static uint8_t white[300 * 300];
    unsigned long jpeg_len;
    size_t len;
    uint8_t *jpeg, *png;

    (void)state;
    assert_int_equal(qr_decode("", 0, text), QR_DECODE_NO_IMAGE);
    assert_int_equal(qr_decode("GIF89a", 6, text), QR_DECODE_NO_IMAGE);
    assert_int_equal(qr_decode("\x89PNG\r\n\x1a\n", 8, text), QR_DECODE_DAMAGED);
    assert_int_equal(qr_decode("\xff\xd8\xff\xe0", 4, text), QR_DECODE_DAMAGED);
    memset(white, 255, sizeof(white));
    jpeg = jpeg_of(white, 300, 300, 90, &jpeg_len);
    assert_int_equal(qr_decode(jpeg, jpeg_len, text), QR_DECODE_NO_CODE);
    free(jpeg);
    png = png_of("a\nb", &plain, 300, &len);
    assert_int_equal(qr_decode(png, len, text), QR_DECODE_NO_TEXT);
    free(png);
    png = png_of("caf\xe9 \xff", &plain, 300, &len);
    assert_int_equal(qr_decode(png, len, text), QR_DECODE_NO_TEXT);
    assert_string_equal(text, "");
    assert_true(strstr(qr_decode_reason(QR_DECODE_NO_TEXT), "no text"));
    free(png);
}

static uint32_t crc_of(const uint8_t *bytes, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

static void put_u32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> (24 - 8 * i));
}

static void a_few_bytes_that_claim_to_be_huge_are_refused_by_their_head(void **state)
{
    static const uint32_t sides[][2] = {{60000, 60000}, {16385, 8}, {16384, 16384}, {0x7fffffff, 0x7fffffff}};
    size_t len;
    uint8_t *png = png_of(URL, &plain, 300, &len);
    unsigned long jpeg_len;
    uint8_t *jpeg = jpeg_of_code(URL, 300, 90, &jpeg_len);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        enum qr_decoded d;

        put_u32(png + 16, sides[i][0]);
        put_u32(png + 20, sides[i][1]);
        put_u32(png + 29, crc_of(png + 12, 17));
        d = qr_decode(png, len, text);
        /* the library has a limit of its own, at a million */
        assert_true(d == QR_DECODE_TOO_LARGE || (i == 3 && d == QR_DECODE_DAMAGED));
    }
    for (unsigned long i = 0; i + 9 < jpeg_len; i++) {
        if (jpeg[i] == 0xff && jpeg[i + 1] == 0xc0) {
            memset(jpeg + i + 5, 0xfd, 4);
            break;
        }
    }
    assert_int_equal(qr_decode(jpeg, jpeg_len, text), QR_DECODE_TOO_LARGE);
    free(jpeg);
    free(png);
    png = calloc(1, QR_DECODE_BYTES_MAX + 1);
    assert_int_equal(qr_decode(png, QR_DECODE_BYTES_MAX + 1, text), QR_DECODE_TOO_LARGE);
    assert_int_equal(qr_decode(png, QR_DECODE_BYTES_MAX, text), QR_DECODE_NO_IMAGE);
    free(png);
}

/* A picture as large as is let in is answered in time, whatever the answer. */
static void the_largest_image_is_answered_in_time(void **state)
{
    const unsigned width = 8000, height = 5000;
    uint8_t *noise = malloc((size_t)width * height);
    unsigned long len;
    uint8_t *jpeg;
    uint32_t n = 1;

    (void)state;
    for (size_t i = 0; i < (size_t)width * height; i++) {
        n = n * 1664525 + 1013904223;
        noise[i] = (i / 16 + i / width / 16) % 2 ? 0 : (uint8_t)(n >> 24);
    }
    jpeg = jpeg_of(noise, width, height, 5, &len);
    assert_true(len <= QR_DECODE_BYTES_MAX);
    assert_true(qr_decode(jpeg, len, text) < QR_DECODED_COUNT);
    free(jpeg);
    free(noise);
}

static void broken_images_are_always_answered(void **state)
{
    unsigned seed = (unsigned)time(NULL);
    size_t png_len;
    unsigned long jpeg_len;
    uint8_t *png = png_of(URL, &plain, 200, &png_len), *jpeg = jpeg_of_code(URL, 200, 60, &jpeg_len);

    (void)state;
    print_message("seed %u\n", seed);
    srandom(seed);
    for (int i = 0; i < 100; i++) {
        const uint8_t *good = i % 2 ? jpeg : png;
        size_t len = i % 2 ? jpeg_len : png_len, cut = i % 4 < 2 ? len : (size_t)random() % len;
        uint8_t *bad = malloc(len);
        enum qr_decoded d;

        memcpy(bad, good, len);
        for (int change = 0; change < 1 + i % 9; change++)
            bad[(size_t)random() % len] = (uint8_t)random();
        d = qr_decode(bad, cut, text);
        assert_true(d != QR_DECODE_CRASHED && d != QR_DECODE_LATE && d < QR_DECODE_NO_SANDBOX);
        assert_true((d == QR_DECODED) == (text[0] != '\0'));
        free(bad);
    }
    free(png);
    free(jpeg);
}

/*
 * Beside a copy of this test stands another program of that name: argv[1] says what is to come out, argv[2] of which
 * work. The three works are tried at once, for some wait for their time to be over.
 */
static void a_program_that_misbehaves_is_ended_whatever_its_work_and_it_is_said_if_it_was_late(void **state)
{
    static const struct {
        const char *script;
        int image, logo, proof; /* what is to come out; proof -1: not tried */
    } programs[] = {
        {"exec sleep 100", QR_DECODE_LATE, QR_DECODE_LATE, QR_NOT_PROVED_LATE},
        {"exit 3", QR_DECODE_CRASHED, QR_DECODE_CRASHED, QR_NOT_PROVED},
        {"kill -SEGV $$", QR_DECODE_CRASHED, QR_DECODE_CRASHED, QR_NOT_PROVED},
        {"kill -XCPU $$", QR_DECODE_LATE, QR_DECODE_LATE, QR_NOT_PROVED_LATE},
        {"yes | head -c 100000", QR_DECODE_CRASHED, QR_DECODE_CRASHED, QR_NOT_PROVED},
        {"printf '\\7'", QR_DECODE_CRASHED, QR_DECODE_CRASHED, QR_NOT_PROVED}, /* only qr_decode may say that */
        {"printf '\\011'", QR_DECODE_NO_SANDBOX, QR_DECODE_NO_SANDBOX, QR_NOT_PROVED},
        {"printf '\\0a\\033b'", QR_DECODE_NO_TEXT, QR_DECODE_CRASHED, QR_NOT_PROVED},
        {"cat >/dev/null; printf '\\0https://a.b/'", QR_DECODED, QR_DECODE_CRASHED, -1},
        {NULL, QR_DECODE_NO_PROGRAM, QR_DECODE_NO_PROGRAM, QR_NOT_PROVED},
    };
    char folder[] = "/tmp/huoma-decode-XXXXXX", command[512], path[64];

    (void)state;
    assert_int_equal(QR_DECODE_NO_SANDBOX, 9);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/huoma-decode", folder);
    for (size_t i = 0; i < COUNT_OF(programs); i++) {
        FILE *f = programs[i].script ? fopen(path, "w") : NULL;

        if (f) {
            fprintf(f, "#!/bin/sh\n%s\n", programs[i].script);
            fclose(f);
            chmod(path, 0755);
        } else {
            unlink(path);
        }
        snprintf(
            command, sizeof(command),
            "cp /proc/%d/exe %s/test && cd %s && { ./test %d & a=$!; ./test %d logo & b=$!; ./test %d proof & c=$!; "
            "wait $a && wait $b && wait $c; }",
            (int)getpid(), folder, folder, programs[i].image, programs[i].logo, programs[i].proof);
        if (system(command) != 0)
            fail_msg("program %zu", i);
    }
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    assert_int_equal(system(command), 0);
}

static void draw_nothing(void *ctx, struct _cairo *cr)
{
    (void)ctx, (void)cr;
}

/* What comes of the program beside this one; its number and what people are told. */
static int try_program(const char *work, const char **said)
{
    static uint8_t zeros[1 << 20];

    if (strcmp(work, "logo") == 0) {
        struct qr_logo logo;
        enum qr_decoded d = qr_logo_decode(zeros, QR_LOGO_BYTES_MAX, &logo);
        *said = qr_logo_reason(d);
        return (int)d;
    }
    if (strcmp(work, "proof") == 0) {
        struct qr_proof proof = {.draw = draw_nothing, .side = 1, .modules = 21, .margin = 4, .text = "a"};
        struct qr_prover *p = qr_prover_new();
        int margin;
        enum qr_proved proved = qr_prove(p, &proof, &margin);
        qr_prover_free(p);
        *said = qr_proof_reason(proved);
        return (int)proved;
    }
    enum qr_decoded d = qr_decode(zeros, sizeof(zeros), text);
    *said = qr_decode_reason(d);
    return (int)d;
}

/* The errors of forbidden things as one number, from a process that has entered. */
static int try_forbidden(void)
{
    pid_t child;
    int failed = 0;

    if (decode_sandbox_enter(QR_DECODE_CPU_SECONDS) != 0)
        return 100;
    failed |= open("/etc/passwd", O_RDONLY) < 0 && errno == EPERM ? 0 : 1;
    failed |= socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 2;
    child = fork();
    if (child == 0)
        _exit(0);
    failed |= child < 0 ? 0 : 4;
    failed |= execl("/bin/false", "false", (char *)NULL) < 0 && errno == EPERM ? 0 : 8;
    failed |=
        mmap(NULL, (size_t)(QR_DECODE_MEMORY_MB + 1) << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
            ? 0
            : 16;
    failed |= kill(getppid(), 0) < 0 && errno == EPERM ? 0 : 32;
    return failed;
}

static void the_sandbox_lets_nothing_through(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0)
        _exit(try_forbidden());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* What a process does that has entered, to be ended by a limit. */
static void use_up_time(void)
{
    for (volatile unsigned n = 0;; n++)
        ;
}

/* As much memory as it gets; as many pieces of 16 MB. */
static int use_up_memory(void)
{
    int pieces = 0;
    while (mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        pieces++;
    return pieces;
}

static void whoever_is_over_its_time_is_killed_and_memory_ends_at_its_limit(void **state)
{
    int status;
    pid_t busy = fork();

    (void)state;
    if (busy == 0) {
        if (decode_sandbox_enter(1) == 0)
            use_up_time();
        _exit(1);
    }
    pid_t greedy = fork();
    if (greedy == 0)
        _exit(decode_sandbox_enter(1) == 0 ? use_up_memory() : 255);
    assert_int_equal(waitpid(greedy, &status, 0), greedy);
    assert_true(WIFEXITED(status));
    assert_in_range(WEXITSTATUS(status), QR_DECODE_MEMORY_MB / 16 - 4, QR_DECODE_MEMORY_MB / 16);
    assert_int_equal(waitpid(busy, &status, 0), busy);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU && decode_child_was_late(0, status));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_is_read),
        cmocka_unit_test(light_on_dark_and_poor_jpegs_are_read),
        cmocka_unit_test(several_codes_are_refused_unless_they_say_the_same),
        cmocka_unit_test(what_is_no_code_says_why),
        cmocka_unit_test(a_few_bytes_that_claim_to_be_huge_are_refused_by_their_head),
        cmocka_unit_test(the_largest_image_is_answered_in_time),
        cmocka_unit_test(broken_images_are_always_answered),
        cmocka_unit_test(a_program_that_misbehaves_is_ended_whatever_its_work_and_it_is_said_if_it_was_late),
        cmocka_unit_test(whoever_is_over_its_time_is_killed_and_memory_ends_at_its_limit),
        cmocka_unit_test(the_sandbox_lets_nothing_through),
    };

    if (argc > 1) {
        const char *said = "";
        long wanted = strtol(argv[1], NULL, 10);
        int got = wanted < 0 ? (int)wanted : try_program(argc > 2 ? argv[2] : "", &said);

        if (got != wanted)
            fprintf(stderr, "%s: got %d (%s), not %ld\n", argc > 2 ? argv[2] : "image", got, said, wanted);
        return got != wanted;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
