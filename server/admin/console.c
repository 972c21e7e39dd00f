/*
 * The console's files, out of the binary. Names below /assets/ carry a hash of what they hold, so they are kept for
 * good; the page that names them is asked for anew each time.
 */
#include <string.h>

#include "answer.h"
#include "console_files.h"
#include "problem.h"
#include "routes.h"

/* Scripts, styles and connections of our own only; WebAssembly decodes codes in the browser; pictures may be drawn. */
static const char policy[] = "Content-Security-Policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
                             "style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; "
                             "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; "
                             "form-action 'none'; frame-ancestors 'none'\r\n"
                             "X-Content-Type-Options: nosniff\r\n"
                             "Referrer-Policy: no-referrer\r\n"
                             "Cross-Origin-Opener-Policy: same-origin\r\n";
static const char kept[] = "Cache-Control: public, max-age=31536000, immutable\r\nVary: Accept-Encoding\r\n";
static const char asked_anew[] = "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\n";

static const struct console_file *find_file(const char *folder, struct span name)
{
    size_t folder_len = strlen(folder);
    for (size_t i = 0; i < console_file_count; i++) {
        const char *path = console_files[i].path;
        if (strncmp(path, folder, folder_len) == 0 && span_is(name, path + folder_len))
            return &console_files[i];
    }
    return NULL;
}

/* Whether gzip is among the codings, and not with a weight of 0 (RFC 9110, 12.5.3). */
static bool takes_gzip(const struct request *r)
{
    struct span list = r->header[HTTP_H_ACCEPT_ENCODING];
    const char *at = list.at ? memmem(list.at, list.len, "gzip", 4) : NULL;
    if (!at)
        return false;
    const char *end = list.at + list.len, *comma = memchr(at, ',', (size_t)(end - at));
    struct span rest = {at + 4, (size_t)((comma ? comma : end) - at - 4)};
    const char *weight = memmem(rest.at, rest.len, "q=0", 3);
    return !weight || memchr(weight, '.', (size_t)(rest.at + rest.len - weight));
}

static void send_file(struct conn *c, const struct console_file *f, const char *caching, size_t caching_len)
{
    const struct request *request = conn_request(c);
    struct span known = request->header[HTTP_H_IF_NONE_MATCH];
    bool same = known.at && memmem(known.at, known.len, f->etag, strlen(f->etag));
    bool packed = f->gzip && takes_gzip(request);
    struct reply r;
    reply_begin(&r, c, same ? 304 : 200);
    reply_header_text(&r, "Content-Type", f->type);
    reply_header_text(&r, "ETag", f->etag);
    if (packed)
        reply_header_text(&r, "Content-Encoding", "gzip");
    reply_lines(&r, policy, sizeof policy - 1);
    reply_lines(&r, caching, caching_len);
    reply_end(&r, packed ? f->gzip : f->bytes, packed ? f->gzip_len : f->len);
}

/* --- GET / --- */

static void show_absence(struct conn *c)
{
    static const char page[] =
        "<!doctype html>\n"
        "<html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>Huoma 活码</title>\n"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"></head><body>\n"
        "<h1>Huoma 活码</h1>\n"
        "<p>这个服务器在编译时没有带上管理后台（当时没有 Node 和 npm）。运行 <code>script/bootstrap</code> "
        "后重新编译，就能在这里打开后台。</p>\n"
        "<p>接口照常可用：<code>/api/v1</code>，每次请求都要带令牌。在服务器上运行下面的命令，就能得到一个令牌"
        "（只显示一次）：</p>\n"
        "<pre>huoma token create --name 我的名字 --role admin</pre>\n"
        "<div lang=\"en\">\n"
        "<p>This server was built without the console: there was no Node and npm to build it. Run "
        "<code>script/bootstrap</code>, then build again.</p>\n"
        "<p>The API is here: <code>/api/v1</code>; every request needs a token. To get one, run this on the server (it "
        "is shown once):</p>\n"
        "<pre>huoma token create --name my-name --role admin</pre>\n"
        "<p>Then:</p>\n"
        "<pre>curl -H \"Authorization: Bearer TOKEN\" http://THIS-ADDRESS/api/v1/campaigns</pre>\n"
        "</div></body></html>\n";
    struct reply r;
    answer_begin(&r, c, 200, "text/html; charset=utf-8");
    reply_end(&r, page, sizeof page - 1);
}

void console_index(struct conn *c)
{
    const struct console_file *f = find_file("", (struct span){"/index.html", 11});
    if (f)
        send_file(c, f, asked_anew, sizeof asked_anew - 1);
    else
        show_absence(c);
}

/* --- GET /assets/{} --- */

void console_asset(struct conn *c)
{
    const struct console_file *f = find_file("/assets/", conn_segment(c, 0));
    if (f)
        send_file(c, f, kept, sizeof kept - 1);
    else
        problem_reply(c, 404, NULL);
}
