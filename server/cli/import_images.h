/* The code images that rows of another system name, out of a folder beside its dump. */
#ifndef SERVER_CLI_IMPORT_IMAGES_H
#define SERVER_CLI_IMPORT_IMAGES_H

#include "import.h"

struct import_images {
    int folder; /* descriptor */
};

/* 0 or -errno. Close it when it was opened. */
int import_images_open(struct import_images *images, const char *folder);
void import_images_close(struct import_images *images);

/* import_options.read_image; ctx is a struct import_images. A text that no group may have as its link is none. */
const char *import_images_read(void *ctx, const char *name, char *text, size_t room);

#endif
