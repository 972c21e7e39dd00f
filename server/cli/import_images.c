/*
 * Reads an image that a row names and has its code decoded. The name is a stranger's: nothing outside the folder is
 * opened, nothing but plain files, and what the code says is looked at as any link is.
 */
#include "import_images.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "campaign_json_memory.h"
#include "decode_child.h"
#include "platform.h"

int import_images_open(struct import_images *images, const char *folder)
{
    images->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return images->folder >= 0 ? 0 : -errno;
}

void import_images_close(struct import_images *images)
{
    close(images->folder);
}

/* The file's bytes, malloc'd; NULL with *why. */
static unsigned char *read_file(int fd, size_t *len, const char **why)
{
    unsigned char *bytes;
    struct stat st;
    ssize_t n = 0;

    *why = "cannot be read";
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return NULL;
    if (st.st_size > QR_DECODE_BYTES_MAX) {
        *why = qr_decode_reason(QR_DECODE_TOO_LARGE);
        return NULL;
    }
    bytes = malloc((size_t)st.st_size + 1);
    if (!bytes)
        json_memory_lacks();
    for (*len = 0; bytes && *len < (size_t)st.st_size; *len += (size_t)n) {
        n = read(fd, bytes + *len, (size_t)st.st_size - *len);
        if (n <= 0)
            break;
    }
    if (bytes && n >= 0)
        return bytes;
    free(bytes);
    return NULL;
}

const char *import_images_read(void *ctx, const char *name, char *text, size_t room)
{
    const struct import_images *images = ctx;
    char decoded[QR_DECODE_TEXT_MAX + 1];
    enum qr_decoded d;
    unsigned char *bytes = NULL;
    const char *why = NULL;
    size_t len;
    int fd;

    if (!*name || strlen(name) > NAME_MAX || strchr(name, '/') || strcmp(name, "..") == 0)
        return "has a name that no file has";
    fd = openat(images->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? "is not in the folder of images" : "cannot be opened";
    bytes = read_file(fd, &len, &why);
    close(fd);
    if (!bytes)
        return why;
    d = qr_decode(bytes, len, decoded);
    free(bytes);
    if (d != QR_DECODED)
        return qr_decode_reason(d);
    if (strlen(decoded) >= room || platform_check_url(decoded, strlen(decoded)))
        return "holds a code that is no link a group may have";
    memcpy(text, decoded, strlen(decoded) + 1);
    return NULL;
}
