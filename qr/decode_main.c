/*
 * huoma-decode: an image on its input, a byte of enum qr_decoded and the text of its QR code on its output. Started by
 * decode_child.c for one image; of no use to people.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode_image.h"
#include "decode_logo.h"
#include "decode_private.h"
#include "decode_proof.h"
#include "decode_sandbox.h"
#include "proof.h"

static _Noreturn void answer(enum qr_decoded d, const char *text, size_t len)
{
    static char bytes[1 + QR_DECODE_TEXT_MAX];
    size_t sent = 0;

    bytes[0] = (char)d;
    memcpy(bytes + 1, text, len);
    while (sent < 1 + len) {
        ssize_t n = write(STDOUT_FILENO, bytes + sent, 1 + len - sent);

        if (n > 0)
            sent += (size_t)n;
        else if (n == 0 || errno != EINTR)
            break;
    }
    _exit(0);
}

_Noreturn void decode_give_up(enum qr_decoded why)
{
    answer(why, "", 0);
}

/* The whole input; more than QR_DECODE_BYTES_MAX is refused. */
static uint8_t *read_input(size_t *len)
{
    const size_t room = QR_DECODE_BYTES_MAX + 1;
    uint8_t *bytes = malloc(room);
    ssize_t n = 0;

    for (*len = 0; bytes && *len < room; *len += (size_t)n) {
        n = read(STDIN_FILENO, bytes + *len, room - *len);
        if (n < 0 && errno == EINTR)
            n = 0;
        else if (n <= 0)
            break;
    }
    if (!bytes || n < 0 || *len == room)
        decode_give_up(QR_DECODE_TOO_LARGE);
    return bytes;
}

static void put(const void *bytes, size_t len)
{
    const char *from = bytes;
    while (len > 0) {
        ssize_t n = write(STDOUT_FILENO, from, len);
        if (n < 0 && errno != EINTR)
            break;
        from += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
}

static _Noreturn void answer_logo(const uint8_t *bytes, size_t len)
{
    struct qr_logo logo = {0, 0, NULL};
    struct decode_logo_answer a = {.decoded = decode_logo(bytes, len, &logo)};
    if (a.decoded == QR_DECODED) {
        a.width = (uint32_t)logo.width;
        a.height = (uint32_t)logo.height;
    }
    put(&a, sizeof(a));
    put(logo.argb, (size_t)a.width * a.height * sizeof(*logo.argb));
    _exit(0);
}

int main(int argc, char **argv)
{
    static char text[QR_DECODE_TEXT_MAX + 1];
    struct decode_pixels pixels;
    enum qr_decoded d;
    uint8_t *bytes;
    size_t len;

    bool proves = argc > 1 && strcmp(argv[1], DECODE_PROOF) == 0;
    if (decode_sandbox_enter(proves ? QR_PROOF_CPU_SECONDS : QR_DECODE_CPU_SECONDS) != 0)
        decode_give_up(QR_DECODE_NO_SANDBOX);
    if (proves)
        _exit(decode_proofs(STDIN_FILENO, STDOUT_FILENO)); /* what libraries do at an exit is of no use in here */
    bytes = read_input(&len);
    if (argc > 1 && strcmp(argv[1], DECODE_LOGO) == 0)
        answer_logo(bytes, len);
    d = decode_image(bytes, len, &pixels);
    if (d == QR_DECODED)
        d = decode_code(&pixels, text, &len);
    answer(d, text, d == QR_DECODED ? len : 0);
}
