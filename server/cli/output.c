/* A file that a command makes: written beside its place and put there whole, so that a file which is there is never
 * half overwritten. What is no file (/dev/stdout, a pipe) is written to directly. See output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct cli_output {
    const char *path;
    FILE *file;
    bool beside; /* it is written to `name` first */
    char name[PATH_BYTES];
};

static bool open_file(struct cli_output *o)
{
    struct stat st;
    o->beside = stat(o->path, &st) != 0 || S_ISREG(st.st_mode);
    if (!o->beside) {
        o->file = fopen(o->path, "we");
        return o->file != NULL;
    }
    if (snprintf(o->name, sizeof o->name, "%s.XXXXXX", o->path) >= (int)sizeof o->name) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(o->name, O_CLOEXEC);
    o->file = fd >= 0 ? fdopen(fd, "w") : NULL;
    return o->file != NULL;
}

struct cli_output *cli_output_open(const char *path)
{
    struct cli_output *o = calloc(1, sizeof *o);
    if (!o) {
        cli_fail(path, "out of memory");
        return NULL;
    }
    o->path = path;
    if (strcmp(path, "-") == 0)
        o->file = stdout;
    else if (!open_file(o)) {
        cli_fail(path, "%s", strerror(errno));
        free(o);
        return NULL;
    }
    return o;
}

int cli_output_write(void *output, const void *bytes, size_t len)
{
    struct cli_output *o = output;
    return fwrite(bytes, 1, len, o->file) == len ? 0 : -(errno ? errno : EIO);
}

static bool put_in_place(struct cli_output *o)
{
    mode_t mask = umask(0);
    umask(mask);
    bool good = fchmod(fileno(o->file), 0666 & ~mask) == 0;
    good = fclose(o->file) == 0 && good;
    return good && rename(o->name, o->path) == 0;
}

enum cli_exit cli_output_end(struct cli_output *o, bool keep)
{
    bool good = true;
    if (o->file == stdout)
        good = fflush(stdout) == 0;
    else if (o->beside && keep)
        good = put_in_place(o);
    else
        good = fclose(o->file) == 0;
    enum cli_exit code = keep && good ? CLI_DONE : CLI_FAILED;
    if (keep && !good)
        cli_fail(o->path, "%s", strerror(errno));
    if (o->beside && code != CLI_DONE)
        unlink(o->name);
    free(o);
    return code;
}
