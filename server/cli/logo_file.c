/* See logo_file.h. */
#include "logo_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Up to QR_LOGO_BYTES_MAX and one more. NULL with errno. */
static unsigned char *read_bytes(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "re");
    unsigned char *bytes = f ? malloc(QR_LOGO_BYTES_MAX + 1) : NULL;
    if (bytes) {
        *ret_len = fread(bytes, 1, QR_LOGO_BYTES_MAX + 1, f);
        if (ferror(f)) {
            free(bytes);
            bytes = NULL;
        }
    }
    int saved = errno;
    if (f)
        fclose(f);
    errno = saved;
    return bytes;
}

unsigned char *logo_file_read(const char *path, size_t *ret_len, struct qr_logo *ret_logo)
{
    *ret_logo = (struct qr_logo){.argb = NULL};
    unsigned char *bytes = read_bytes(path, ret_len);
    if (!bytes) {
        cli_fail(path, "%s", strerror(errno));
        return NULL;
    }
    enum qr_decoded d = *ret_len > QR_LOGO_BYTES_MAX ? QR_DECODE_TOO_LARGE : qr_logo_decode(bytes, *ret_len, ret_logo);
    if (d == QR_DECODED)
        return bytes;
    cli_fail(path, "%s", qr_logo_reason(d));
    free(bytes);
    return NULL;
}
