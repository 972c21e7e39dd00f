/* `huoma import`: what other programs export, as campaigns. */
#include <errno.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "cli.h"
#include "import_images.h"
#include "import_own.h"
#include "import_plan.h"

struct import_request {
    const char *path, *images;
    const struct import_format *format; /* NULL: to be told from the file */
    bool own;                           /* what `huoma export` writes */
    bool dry_run;
};

static const struct import_format *find_format(const char *name)
{
    for (const struct import_format *f = import_formats; f->name; f++) {
        if (strcmp(f->name, name) == 0)
            return f;
    }
    return NULL;
}

/* CLI_DONE when it can be gone on with. */
static enum cli_exit read_request(struct import_request *q, int argc, char **argv)
{
    static const struct cli_option options[] = {
        {"--from", true}, {"--dry-run", false}, {"--images", true}, {NULL, false}};
    struct cli_walk w = {.command = "import", .argc = argc, .argv = argv};
    const char *value;

    for (int option; (option = cli_next(&w, options, &value)) != CLI_END;) {
        if (option == CLI_WRONG)
            return CLI_MISUSED;
        if (option == CLI_ARGUMENT && q->path)
            return cli_misuse(w.command, "more than one FILE");
        if (option == CLI_ARGUMENT)
            q->path = value;
        else if (option == 1)
            q->dry_run = true;
        else if (option == 2)
            q->images = value;
        else if (strcmp(value, "huoma") == 0)
            q->own = true;
        else if (!(q->format = find_format(value)))
            return cli_misuse(w.command, "%s is no format", value);
    }
    return q->path ? CLI_DONE : cli_misuse(w.command, "needs a FILE");
}

/* From the file's begin, if --from did not say. */
static enum cli_exit find_file_format(struct import_request *q)
{
    char head[IMPORT_HEAD];
    FILE *f = fopen(q->path, "rbe");
    size_t len;

    if (!f)
        return cli_fail(q->path, "%s", strerror(errno));
    len = fread(head, 1, sizeof head, f);
    fclose(f);
    q->own = import_own_looks(head, len);
    if (q->own)
        return CLI_DONE;
    for (const struct import_format *format = import_formats; format->name && !q->format; format++) {
        if (format->looks && format->looks(head, len))
            q->format = format;
    }
    return q->format ? CLI_DONE : cli_fail(q->path, "looks like no known format: say which with --from");
}

static enum cli_exit read_file(const struct import_request *q, struct import_plan *p)
{
    struct import_images images;
    struct import_options options = {.read_image = import_images_read, .ctx = &images};
    const struct import_options none = {0};
    const struct import_sink sink = import_plan_sink(p);
    int err = q->images ? import_images_open(&images, q->images) : 0;

    if (err)
        return cli_fail(q->images, "%s", strerror(-err));
    err = q->format->read(q->path, q->images ? &options : &none, &sink);
    if (q->images)
        import_images_close(&images);
    if (err == -ENOMEM || json_memory_was_short())
        return cli_fail(q->path, "out of memory; nothing was changed");
    if (err)
        return cli_fail(q->path, "%s", strerror(-err));
    return CLI_DONE;
}

static enum cli_exit run_plan(const struct config *config, const struct import_request *q, struct import_plan *p)
{
    struct session *s = session_open(config);
    enum store_result r;

    if (!s)
        return CLI_FAILED;
    r = import_plan_compare(p, s);
    if (r == STORE_OK)
        r = import_plan_compare_aliases(p, s);
    if (json_memory_was_short()) {
        session_close(s);
        return cli_fail("import", "out of memory; nothing was changed");
    }
    if (r == STORE_OK) {
        import_plan_print(p);
        fflush(stdout);
    }
    if (r == STORE_OK && !q->dry_run)
        r = import_plan_write(p, s);
    session_close(s);
    if (r != STORE_OK)
        cli_fail_midway("import", r, p->created);
    if (q->dry_run)
        printf("%zu would be made, %zu unchanged, %zu refused. Nothing was changed.\n", import_plan_left(p),
               p->unchanged, p->refused);
    else
        printf("%zu made, %zu unchanged, %zu refused.\n", p->created, p->unchanged, p->refused);
    return r == STORE_OK && p->refused == 0 ? CLI_DONE : CLI_FAILED;
}

enum cli_exit cli_import(const struct config *config, int argc, char **argv)
{
    struct import_request q = {0};
    struct import_plan p;
    enum cli_exit code = read_request(&q, argc, argv);

    if (code == CLI_DONE && !q.format && !q.own)
        code = find_file_format(&q);
    if (code != CLI_DONE)
        return code;
    if (q.own)
        return q.images ? cli_misuse("import", "--images is for other formats") : import_own(config, q.path, q.dry_run);
    code = import_plan_begin(&p, config) == 0 ? read_file(&q, &p) : cli_fail("import", "out of memory");
    if (code == CLI_DONE)
        code = run_plan(config, &q, &p);
    import_plan_clear(&p);
    return code;
}
