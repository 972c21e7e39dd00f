/* Files of other programs as rows, and rows as campaigns: what a sink gets of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "import.h"
#include "import_links.h"
#include "import_rows.h"
#include "import_text.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

/* --- rows, written as a line each: "table:line {fields}" or "table:line !why" --- */

static char said[65536];

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    size_t len = strlen(said);
    va_list args;

    va_start(args, format);
    vsnprintf(said + len, sizeof(said) - len, format, args);
    va_end(args);
}

static bool wants(void *ctx, const char *table)
{
    (void)ctx;
    return strncmp(table, "skip", 4) != 0;
}

static void on_row(void *ctx, const char *table, long line, json_t *fields)
{
    char *text = json_dumps(fields, JSON_COMPACT | JSON_SORT_KEYS);

    (void)ctx;
    say("%s:%ld %s\n", table, line, text);
    free(text);
}

static void on_bad(void *ctx, const char *table, long line, const char *why)
{
    (void)ctx;
    say("%s:%ld !%s\n", table, line, why);
}

static const struct import_rows rows = {NULL, wants, on_row, on_bad};

static void check_rows(int (*read)(FILE *, const struct import_rows *), const char *text, size_t len,
                       const char *expected)
{
    FILE *f = fmemopen((void *)(uintptr_t)text, len, "r");

    said[0] = '\0';
    assert_non_null(f);
    assert_int_equal(read(f, &rows), 0);
    fclose(f);
    assert_string_equal(said, expected);
}

struct rows_case {
    const char *text, *expected;
};

static void check_all(int (*read)(FILE *, const struct import_rows *), const struct rows_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_rows(read, cases[i].text, strlen(cases[i].text), cases[i].expected);
}

static void dumps_of_mysql_are_read(void **state)
{
    static const struct rows_case cases[] = {
        {"INSERT INTO `t` (`a`,`b`) VALUES (1,'x'),\n(NULL,'it\\'s ''so'''),(-2.5e3,'');\n",
         "t:1 {\"a\":\"1\",\"b\":\"x\"}\nt:2 {\"a\":null,\"b\":\"it's 'so'\"}\nt:2 {\"a\":\"-2.5e3\",\"b\":\"\"}\n"},
        {"CREATE TABLE `t` (\n `a` int(10) unsigned NOT NULL AUTO_INCREMENT COMMENT 'id, (1)',\n `b` enum('x','y') "
         "DEFAULT 'x',\n"
         " PRIMARY KEY (`a`),\n KEY `k` (`b`,`a`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8 COMMENT='(a';\n"
         "/*!40000 ALTER TABLE `t` DISABLE KEYS */;\nLOCK TABLES `t` WRITE;\nINSERT INTO `t` VALUES "
         "(1,'a\\nb\\\\c\\%');\n",
         "t:9 {\"a\":\"1\",\"b\":\"a\\nb\\\\c%\"}\n"},
        {"-- a comment's quote\n# and 'another\nINSERT IGNORE INTO db.t(a) "
         "VALUE(0x68747470),(_utf8mb4'é'),(N'n'),(X'61');",
         "t:3 {\"a\":\"http\"}\nt:3 {\"a\":\"é\"}\nt:3 {\"a\":\"n\"}\nt:3 {\"a\":\"a\"}\n"},
        {"INSERT INTO `skip` VALUES ('a;b'),(1,2,(3));REPLACE INTO `d`.`t` (a) VALUES ('b');", "t:1 {\"a\":\"b\"}\n"},
    };

    (void)state;
    check_all(import_sql, cases, COUNT_OF(cases));
}

static void dumps_of_others_are_read(void **state)
{
    static const struct rows_case cases[] = {
        {"INSERT INTO public.links VALUES (1, 'a');",
         "links:1 !does not name its columns, and no CREATE TABLE before it does\n"},
        {"CREATE TABLE public.links (\n id integer NOT NULL,\n \"address\" character varying(255)\n);\n"
         "INSERT INTO public.links VALUES (1, 'C:\\dir\\');\nINSERT INTO \"public\".\"links\" VALUES (2, E'a\\'b');",
         "links:5 {\"address\":\"C:\\\\dir\\\\\",\"id\":\"1\"}\nlinks:6 {\"address\":\"a'b\",\"id\":\"2\"}\n"},
        {"CREATE TABLE `links` (`id` integer not null primary key, `a` text, foreign key(`a`) references `x`(`y`));\n"
         "INSERT INTO links VALUES(1,'back\\slash');",
         "links:2 {\"a\":\"back\\\\slash\",\"id\":\"1\"}\n"},
        {"COPY public.links (id, a) FROM stdin;\n1\tit's\n\\.\nINSERT INTO t (a) VALUES ('b');",
         "links:1 !is in COPY form: make the dump with pg_dump --inserts\nt:4 {\"a\":\"b\"}\n"},
    };

    (void)state;
    check_all(import_sql, cases, COUNT_OF(cases));
}

static void broken_rows_say_why_and_the_next_are_read(void **state)
{
    static const struct rows_case cases[] = {
        {"INSERT INTO t (a,b) VALUES (1),(1,2,3),(1,2),(),(1,);",
         "t:1 !has fewer values than its table has columns\nt:1 !has more values than its table has columns\n"
         "t:1 {\"a\":\"1\",\"b\":\"2\"}\nt:1 !has something that is no value\nt:1 !has something that is no value\n"},
        {"INSERT INTO t (a) VALUES (replace('a','b',char(10))),((SELECT 1)),(a+1 b),('z');",
         "t:1 !has an expression for a value\nt:1 !has something that is no value\nt:1 !has an expression for a value\n"
         "t:1 {\"a\":\"z\"}\n"},
        {"INSERT INTO t (a) SELECT 1;INSERT INTO t (a VALUES (1);INSERT INTO t (a) VALUES ('open\n",
         "t:1 !is no list of values\nt:1 !has columns that cannot be read\nt:1 !ends inside a text, with the file\n"},
        {"INSERT INTO t (a) VALUES ('\xff'),('b');", "t:1 !has a text that is no UTF-8\nt:1 {\"a\":\"b\"}\n"},
    };
    char *large = malloc(200000);
    int len = snprintf(large, 200000, "INSERT INTO t (a) VALUES ('");

    (void)state;
    check_all(import_sql, cases, COUNT_OF(cases));
    memset(large + len, 'x', 100000);
    memcpy(large + len + 100000, "'),('b');", 10);
    check_rows(import_sql, large, (size_t)len + 100009, "t:1 !has a value longer than 64 KB\nt:1 {\"a\":\"b\"}\n");
    free(large);
}

static void csv_is_read(void **state)
{
    static const struct rows_case cases[] = {
        {"Slug,URL\r\n a ,\"b \"\"c\"\"\r\nd\"\r\n\r\n,\r\nx\r\n",
         ":2 {\"slug\":\"a\",\"url\":\"b \\\"c\\\"\\r\\nd\"}\n:6 {\"slug\":\"x\"}\n"},
        {"短码;链接\na,b;c\n", ":2 {\"短码\":\"a,b\",\"链接\":\"c\"}\n"},
        {"a\tb\n\t2\n", ":2 {\"a\":null,\"b\":\"2\"}\n"},
        {"a,A\n1,2\n", ":1 !names a column twice\n"},
        {"a,b\n1,2,3\n1,2,\n", ":2 !has more fields than the first row names\n:3 {\"a\":\"1\",\"b\":\"2\"}\n"},
        {"a\n\"open\n", ":2 !has a quote that is not closed\n"},
        {"a\n\xff\nb\n", ":2 !has a text that is no UTF-8\n:3 {\"a\":\"b\"}\n"},
    };
    char *large = malloc(200000);
    int len = snprintf(large, 200000, "a\nb\n\"");

    (void)state;
    check_all(import_csv, cases, COUNT_OF(cases));
    memset(large + len, 'x', 100000);
    check_rows(
        import_csv, large, (size_t)len + 100000,
        ":2 {\"a\":\"b\"}\n:3 !has a value longer than 64 KB, or a quote that is not closed: it and what follows were "
        "not read\n");
    free(large);
}

static void dates_of_others_are_read(void **state)
{
    static const struct {
        const char *text;
        bool day_end;
        const char *expected; /* NULL: none */
    } cases[] = {
        {"2026-11-29T14:20:00+08:00", false, "2026-11-29T06:20:00Z"},
        {"2026-11-29 14:20:00.123+08", false, "2026-11-29T06:20:00Z"},
        {"2026-11-29 14:20:00 -0330", false, "2026-11-29T17:50:00Z"},
        {"2026-11-29T14:20:00.000Z", false, "2026-11-29T14:20:00Z"},
        {"2026-11-29 14:20:00", false, "2026-11-29T06:20:00Z"},
        {"2026/1/9 4:20", false, "2026-01-08T20:20:00Z"},
        {"2026-11-29", false, "2026-11-28T16:00:00Z"},
        {"2026-11-30", true, "2026-11-30T16:00:00Z"},
        {"2028-02-29", false, "2028-02-28T16:00:00Z"},
        {"2026-02-29", false, NULL},
        {"2026-13-01", false, NULL},
        {"0000-00-00 00:00:00", false, NULL},
        {"2026-11-29 24:00", false, NULL},
        {"2026-11-29 14:20:00x", false, NULL},
        {"2026-11-29 14:20:00+25:00", false, NULL},
        {"2026-11/29", false, NULL},
        {"tomorrow", false, NULL},
        {"", false, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[32] = "";
        bool good = import_date(cases[i].text, cases[i].day_end, out);

        if (good != (cases[i].expected != NULL) || (good && strcmp(out, cases[i].expected) != 0))
            fail_msg("%s: %s", cases[i].text, good ? out : "none");
    }
}

/* --- files, through a format, to a sink --- */

static void sink_campaign(void *ctx, long line, json_t *definition)
{
    char *text = json_dumps(definition, JSON_COMPACT | JSON_SORT_KEYS);

    (void)ctx;
    say("%ld %s\n", line, text);
    free(text);
    json_decref(definition);
}

static void sink_refuse(void *ctx, long line, const char *what, const char *why)
{
    (void)ctx;
    say("%ld !%s: %s\n", line, what, why);
}

static void sink_note(void *ctx, long line, const char *text)
{
    (void)ctx;
    say("%ld ?%s\n", line, text);
}

static const struct import_sink sink = {NULL, sink_campaign, sink_refuse, sink_note};

/* Stands for a folder with a.png: a code, b.png: none. */
static const char *read_image(void *ctx, const char *name, char *text, size_t room)
{
    (void)ctx;
    if (strcmp(name, "a.png") != 0)
        return "holds no QR code";
    snprintf(text, room, "https://weixin.qq.com/g/AAA");
    return NULL;
}

static const struct import_options options = {read_image, NULL};

/* What the sink hears of a file with that text, read by the format of that name, which must also know it. */
static const char *import_as(const char *name, const char *text, size_t len)
{
    char path[] = "/tmp/huoma-import-XXXXXX";
    const struct import_format *f = import_formats;
    int fd = mkstemp(path);

    assert_true(fd >= 0 && write(fd, text, len) == (ssize_t)len);
    close(fd);
    said[0] = '\0';
    while (f->name && !(f->looks && f->looks(text, len < IMPORT_HEAD ? len : IMPORT_HEAD)))
        f++;
    if (!f->name || strcmp(f->name, name) != 0)
        print_message("looks like %s, not %s\n", f->name ? f->name : "nothing", name);
    for (f = import_formats; f->name && strcmp(f->name, name) != 0; f++)
        ;
    assert_non_null(f->name);
    assert_int_equal(f->read(path, &options, &sink), 0);
    unlink(path);
    return said;
}

static void check_import(const char *name, const char *text, const char *expected)
{
    char first[sizeof(said)];

    assert_string_equal(import_as(name, text, strlen(text)), expected);
    memcpy(first, said, sizeof(said));
    assert_string_equal(import_as(name, text, strlen(text)), first);
}

static void old_keys_become_slugs_and_aliases(void **state)
{
    static const char file[] =
        "keyword,url,title,clicks\n"
        "abc,https://a.b/1,,0\nAbC,https://a.b/2,,0\nDeF,https://a.b/3,,0\nabc-2,https://a.b/4,,0\n"
        "a_b,https://a.b/5,,0\na-b,https://a.b/6,,0\napi,https://a.b/7,,0\n中,https://a.b/8,,0\n"
        "abc,https://a.b/9,,0\n";

    (void)state;
    check_import("yourls", file,
                 "10 !abc: the same address stands on line 2\n"
                 "2 ?/abc becomes the campaign abc-3 and stays reachable as it was printed\n"
                 "2 {\"aliases\":[\"/abc\"],\"groups\":[{\"url\":\"https://a.b/1\"}],\"slug\":\"abc-3\"}\n"
                 "3 ?/AbC becomes the campaign abc-4 and stays reachable as it was printed\n"
                 "3 {\"aliases\":[\"/AbC\"],\"groups\":[{\"url\":\"https://a.b/2\"}],\"slug\":\"abc-4\"}\n"
                 "4 {\"groups\":[{\"url\":\"https://a.b/3\"}],\"slug\":\"def\"}\n"
                 "5 {\"groups\":[{\"url\":\"https://a.b/4\"}],\"slug\":\"abc-2\"}\n"
                 "6 ?/a_b becomes the campaign a-b-2 and stays reachable as it was printed\n"
                 "6 {\"aliases\":[\"/a_b\"],\"groups\":[{\"url\":\"https://a.b/5\"}],\"slug\":\"a-b-2\"}\n"
                 "7 {\"groups\":[{\"url\":\"https://a.b/6\"}],\"slug\":\"a-b\"}\n"
                 "8 ?/api becomes the campaign api-2 and stays reachable as it was printed\n"
                 "8 {\"aliases\":[\"/api\"],\"groups\":[{\"url\":\"https://a.b/7\"}],\"slug\":\"api-2\"}\n"
                 "9 ?/中 becomes the campaign link and stays reachable as it was printed\n"
                 "9 {\"aliases\":[\"/%E4%B8%AD\"],\"groups\":[{\"url\":\"https://a.b/8\"}],\"slug\":\"link\"}\n");
}

static void yourls_dumps_are_imported(void **state)
{
    (void)state;
    check_import(
        "yourls",
        "-- MySQL dump 10.13\nCREATE TABLE `yourls_options` (`id` int);\nINSERT INTO `yourls_options` VALUES (1);\n"
        "CREATE TABLE `yourls_url` (\n `keyword` varchar(200) NOT NULL,\n `url` text, `title` text, `timestamp` "
        "timestamp "
        "NOT NULL,\n `ip` varchar(41), `clicks` int(10),\n PRIMARY KEY (`keyword`));\n"
        "INSERT INTO `yourls_url` VALUES ('ozh','https://ozh.org/','Ozh\\'s\\n blog','2020-01-01 00:00:00','::1',7),"
        "('no','','x','2020-01-01 00:00:00','::1',0);\n",
        "9 ?/ozh: 7 clicks until now are not taken over\n9 !no: has no url\n"
        "9 {\"groups\":[{\"url\":\"https://ozh.org/\"}],\"slug\":\"ozh\",\"title\":\"Ozh's blog\"}\n");
}

static void shlink_answers_are_imported(void **state)
{
    (void)state;
    check_import(
        "shlink",
        "{\"shortUrls\":{\"data\":[{\"shortCode\":\"abc\",\"longUrl\":\"https://a.b/\",\"title\":null,\"tags\":[\"x\"],"
        "\"visitsSummary\":{\"total\":12},\"meta\":{\"validSince\":\"2026-01-01T00:00:00+01:00\",\"validUntil\":null,"
        "\"maxVisits\":50}}]}}\n{\"shortUrls\":{\"data\":[{\"shortCode\":\"foo/bar\",\"longUrl\":\"https://a.b/"
        "\",\"meta\":{}},"
        "{\"shortCode\":\"x\",\"longUrl\":\"https://a.b/\",\"meta\":{\"validUntil\":\"soon\"}},7,{}]}} x",
        "1 ?/abc: its tags are not taken over\n3 !x: ends_at: \"soon\" is no date\n4 !: is no object\n"
        "5 !: has no shortCode: it is not of Shlink\n"
        "0 !: the file is no JSON from text 3 on: '[' or '{' expected near 'x'\n"
        "1 {\"groups\":[{\"confirmed\":12,\"limit\":50,\"url\":\"https://a.b/\"}],\"slug\":\"abc\","
        "\"starts_at\":\"2025-12-31T23:00:00Z\"}\n"
        "2 ?/foo/bar becomes the campaign foo-bar and stays reachable as it was printed\n"
        "2 {\"aliases\":[\"/foo/bar\"],\"groups\":[{\"url\":\"https://a.b/\"}],\"slug\":\"foo-bar\"}\n");
    check_import(
        "shlink",
        "\"createdAt\",\"domain\",\"shortCode\",\"shortUrl\",\"longUrl\",\"title\",\"tags\",\"visits\"\n"
        "\"2024-01-01T00:00:00Z\",\"s.test\",\"abc\",\"https://s.test/abc\",\"https://a.b/\",\"T\",\"\",\"3\"\n",
        "2 ?/abc: 3 visits until now are not taken over\n"
        "2 {\"groups\":[{\"url\":\"https://a.b/\"}],\"slug\":\"abc\",\"title\":\"T\"}\n");
}

static void kutt_links_are_imported(void **state)
{
    (void)state;
    check_import(
        "kutt",
        "{\"limit\":50,\"skip\":0,\"total\":3,\"data\":[{\"address\":\"Abc\",\"target\":\"https://a.b/"
        "\",\"description\":"
        "\"T\",\"banned\":false,\"password\":false,\"expire_in\":\"2026-01-01T00:00:00.000Z\",\"visit_count\":5},"
        "{\"address\":\"b\",\"target\":\"https://a.b/\",\"banned\":true,\"password\":false},"
        "{\"address\":\"c\",\"target\":\"https://a.b/\",\"banned\":false,\"password\":true}]}",
        "1 ?/Abc: 5 visits until now are not taken over\n2 !b: is banned\n"
        "3 !c: asks for a password, and links of Huoma are open to everybody who has the code\n"
        "1 "
        "{\"ends_at\":\"2026-01-01T00:00:00Z\",\"groups\":[{\"url\":\"https://a.b/"
        "\"}],\"slug\":\"abc\",\"title\":\"T\"}\n");
    check_import(
        "kutt",
        "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE IF NOT EXISTS `links` (`id` integer not null "
        "primary key,"
        " `address` varchar(255), `banned` boolean default '0', `password` varchar(255), `expire_in` datetime, "
        "`target` "
        "varchar(2040), `visit_count` integer);\n"
        "INSERT INTO links VALUES(1,'a',0,NULL,1767225600000,'https://a.b/\\x',0);\n"
        "INSERT INTO links VALUES(2,'b',0,'$2b$12$x',NULL,'https://a.b/',0);\n",
        "5 !b: asks for a password, and links of Huoma are open to everybody who has the code\n"
        "4 {\"ends_at\":\"2026-01-01T00:00:00Z\",\"groups\":[{\"url\":\"https://a.b/\\\\x\"}],\"slug\":\"a\"}\n");
}

static void likeyun_live_codes_are_imported(void **state)
{
    (void)state;
    check_import(
        "likeyun",
        "CREATE TABLE `huoma_qun` (`id` int, `qun_id` int, `qun_title` varchar(64), `qun_status` int, `qun_kf` text, "
        "`qun_kf_status` "
        "int, `qun_key` varchar(10));\n"
        "INSERT INTO `huoma_qun_zima` (`qun_id`,`zm_id`,`zm_yz`,`zm_pv`,`zm_qrcode`,`zm_status`) VALUES\n"
        "(100001,1,200,217,'http://q.test/upload/a.png',1),(100001,2,100,0,'http://q.test/upload/b.png',1);\n"
        "INSERT INTO `huoma_qun` VALUES (1,100001,'群',1,'http://q.test/a.png',1,'aB3d');\n"
        "INSERT INTO `ylb_qun_bingliu` (`before_qun_id`,`before_qun_key`,`later_qun_id`,`bingliu_status`) VALUES "
        "(9,'old',100001,1);\n"
        "INSERT INTO `ylb_kami` (`id`) VALUES (1),(2);\n",
        "3 ?qun 100001: group 2 is off, for it has no link: the image b.png: holds no QR code\n"
        "0 !ylb_kami: 2 rows: Huoma has nothing like them\n"
        "4 {\"aliases\":[\"/common/qun/redirect/?qid=100001\",\"/common/qun/?qid=100001\",\"/s/aB3d\",\"/s/?key=aB3d\","
        "\"/common/qun/redirect/?qid=9\",\"/common/qun/?qid=9\",\"/s/old\",\"/s/?key=old\"],\"enabled\":true,"
        "\"fallback\":{\"contact\":\"https://weixin.qq.com/g/AAA\"},\"groups\":["
        "{\"confirmed\":217,\"enabled\":true,\"limit\":200,\"name\":\"Group 1\",\"show\":\"page\",\"url\":"
        "\"https://weixin.qq.com/g/AAA\"},{\"confirmed\":0,\"enabled\":false,\"limit\":100,\"name\":\"Group 2 (no "
        "link: b.png)\","
        "\"show\":\"page\",\"url\":null}],\"slug\":\"ab3d\",\"title\":\"群\"}\n");
}

static void likeyun_links_are_imported(void **state)
{
    (void)state;
    check_import(
        "likeyun",
        "\"id\",\"dwz_id\",\"dwz_title\",\"dwz_key\",\"dwz_status\",\"dwz_url\",\"dwz_type\"\n"
        "\"1\",\"10100001\",\"T\",\"Xy\",\"1\",\"https://a.b/\",\"2\"\n\"2\",\"10100002\",\"T\",\"xY\",\"2\",\"https://"
        "a.b/\",\"1\"\n"
        "\"3\",\"10100003\",\"T\",\"z\",\"1\",\"\",\"1\"\n",
        "4 !dwz 10100003: has no link\n"
        "2 ?/Xy becomes the campaign xy-2 and stays reachable as it was printed\n"
        "2 {\"aliases\":[\"/Xy\",\"/common/dwz/redirect/?key=Xy\",\"/common/dwz/?key=Xy\",\"/s/dwz.php?key=Xy\"],"
        "\"enabled\":true,\"groups\":[{\"url\":\"https://a.b/\",\"when\":{\"app\":[\"wechat\"]}}],\"slug\":\"xy-2\","
        "\"title\":\"T\"}\n"
        "3 ?/xY becomes the campaign xy-3 and stays reachable as it was printed\n"
        "3 {\"aliases\":[\"/xY\",\"/common/dwz/redirect/?key=xY\",\"/common/dwz/?key=xY\",\"/s/dwz.php?key=xY\"],"
        "\"enabled\":false,\"groups\":[{\"url\":\"https://a.b/\"}],\"slug\":\"xy-3\",\"title\":\"T\"}\n");
}

static void rows_of_our_csv_are_groups(void **state)
{
    (void)state;
    check_import("csv",
                 "\xef\xbb\xbfslug,title,strategy,group,url,limit,expires_at,alias,enabled\r\n"
                 "Run,Spring run,even,Group A,https://a.b/1,200,2026-11-29,/s/abc /s/def,\r\n"
                 ",,,Group B,https://a.b/2,,,/s/ghi,no\r\n"
                 "bad,T,fill,A,https://a.b/,many,,,\r\nbad,T,fill,B,https://a.b/,1,,,\r\nlink,,,,https://a.b/3,,,,\r\n",
                 "4 !bad: limit: \"many\" is no number\n"
                 "2 "
                 "{\"aliases\":[\"/s/abc\",\"/s/def\",\"/s/"
                 "ghi\"],\"groups\":[{\"expires_at\":\"2026-11-29T16:00:00Z\",\"limit\":200,"
                 "\"name\":\"Group A\",\"url\":\"https://a.b/1\"},{\"enabled\":false,\"name\":\"Group "
                 "B\",\"url\":\"https://a.b/2\"}],"
                 "\"slug\":\"run\",\"strategy\":\"even\",\"title\":\"Spring run\"}\n"
                 "4 ?bad: nothing of it is imported, because of a row that is refused\n"
                 "6 {\"groups\":[{\"url\":\"https://a.b/3\"}],\"slug\":\"link\"}\n");
    check_import(
        "csv", "短码,标题,群名,链接,上限,策略,启用\na,春跑,一群,https://a.b/,5,随机,是\na,夏跑,二群,https://a.b/,5,,\n",
        "3 !a: title is another one than in a row above\n"
        "2 ?a: nothing of it is imported, because of a row that is refused\n");
    check_import("csv", "slug,url,colour\na,https://a.b/,red\n",
                 "1 !: the column \"colour\" is not known (docs/moving.md names them)\n");
}

static void files_that_are_no_utf8_are_converted_or_refused(void **state)
{
    static const char gbk[] = "\xb6\xcc\xc2\xeb,\xc1\xb4\xbd\xd3,\xc8\xba\xc3\xfb\na,https://a.b/,\xce\xa2\xd0\xc5\n";

    (void)state;
    check_import("csv", gbk,
                 "0 ?the file is no UTF-8 and was read as GB18030 (GBK): look at its names before importing\n"
                 "2 {\"groups\":[{\"name\":\"微信\",\"url\":\"https://a.b/\"}],\"slug\":\"a\"}\n");
    check_import("csv", "slug,url\na,\xff\xff\n", "0 !: the file is neither UTF-8 nor GB18030: save it as UTF-8\n");
    assert_string_equal(import_as("csv", "s\0l\0u\0g\0", 8),
                        "0 !: the file is no text (it has NUL bytes; a UTF-16 file is to be saved as UTF-8)\n");
    assert_string_equal(import_as("csv", "", 0), "0 !: the file is empty\n");
}

static int set_zone(void **state)
{
    (void)state;
    return setenv("TZ", "Asia/Shanghai", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dumps_of_mysql_are_read),
        cmocka_unit_test(dumps_of_others_are_read),
        cmocka_unit_test(broken_rows_say_why_and_the_next_are_read),
        cmocka_unit_test(csv_is_read),
        cmocka_unit_test(dates_of_others_are_read),
        cmocka_unit_test(old_keys_become_slugs_and_aliases),
        cmocka_unit_test(yourls_dumps_are_imported),
        cmocka_unit_test(shlink_answers_are_imported),
        cmocka_unit_test(kutt_links_are_imported),
        cmocka_unit_test(likeyun_live_codes_are_imported),
        cmocka_unit_test(likeyun_links_are_imported),
        cmocka_unit_test(rows_of_our_csv_are_groups),
        cmocka_unit_test(files_that_are_no_utf8_are_converted_or_refused),
    };

    return cmocka_run_group_tests(tests, set_zone, NULL);
}
