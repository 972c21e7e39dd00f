/* Files of unknown encoding to UTF-8; dates and numbers of other programs. */
#include "import_text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* --- encodings --- */

enum encoding { ENCODING_UTF8, ENCODING_OTHER, ENCODING_NONE };

/* What has come of a character: how many more bytes it needs, and between what the next one must be. */
struct utf8 {
    int more;
    unsigned char low, high;
};

/* One byte of RFC 3629; false: it cannot stand here. */
static bool utf8_step(struct utf8 *u, unsigned char c)
{
    if (u->more > 0) {
        bool good = c >= u->low && c <= u->high;

        *u = (struct utf8){u->more - 1, 0x80, 0xbf};
        return good;
    }
    *u = (struct utf8){0, 0x80, 0xbf};
    if (c < 0x80)
        return true;
    if (c < 0xc2 || c > 0xf4)
        return false;
    u->more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    u->low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    u->high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    return true;
}

/* Reads the file once; -errno. */
static int find_encoding(FILE *f, enum encoding *encoding)
{
    struct utf8 u = {0, 0x80, 0xbf};
    char bytes[65536];
    size_t len;

    *encoding = ENCODING_UTF8;
    while ((len = fread(bytes, 1, sizeof(bytes), f)) > 0) {
        if (memchr(bytes, 0, len)) {
            *encoding = ENCODING_NONE;
            return 0;
        }
        for (size_t i = 0; i < len && *encoding == ENCODING_UTF8; i++) {
            if (!utf8_step(&u, (unsigned char)bytes[i]))
                *encoding = ENCODING_OTHER;
        }
    }
    if (u.more > 0)
        *encoding = ENCODING_OTHER;
    return ferror(f) ? -EIO : 0;
}

/* The whole text as UTF-8; NULL with err set. */
static char *convert(char *bytes, size_t len, size_t *ret_len, int *err)
{
    iconv_t converter = iconv_open("UTF-8", "GB18030");
    size_t room = len * 2, left = room; /* two bytes become three, four become four */
    char *text = malloc(room), *out = text;

    *err = text ? 0 : -ENOMEM;
    if (converter == (iconv_t)-1)
        *err = errno == ENOMEM ? -ENOMEM : -EINVAL;
    else if (text && iconv(converter, &bytes, &len, &out, &left) == (size_t)-1)
        *err = -EINVAL;
    if (converter != (iconv_t)-1)
        iconv_close(converter);
    *ret_len = room - left;
    if (*err) {
        free(text);
        text = NULL;
    }
    return text;
}

static int refuse(const struct import_sink *sink, const char *why)
{
    sink->refuse(sink->ctx, 0, "", why);
    return -EINVAL;
}

static int open_converted(struct import_text *t, size_t size, const struct import_sink *sink)
{
    char *bytes;
    size_t len;
    int err = 0;

    if (size > IMPORT_CONVERT_MAX)
        return refuse(sink, "the file is no UTF-8, and larger than 64 MB");
    bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    size = fread(bytes, 1, size, t->f);
    t->converted = convert(bytes, size, &len, &err);
    free(bytes);
    if (err == -EINVAL)
        return refuse(sink, "the file is neither UTF-8 nor GB18030: save it as UTF-8");
    if (err)
        return err;
    fclose(t->f);
    t->f = fmemopen(t->converted, len, "r");
    if (!t->f)
        return -ENOMEM;
    sink->note(sink->ctx, 0, "the file is no UTF-8 and was read as GB18030 (GBK): look at its names before importing");
    return 0;
}

static void skip_mark(FILE *f)
{
    static const unsigned char mark[] = {0xef, 0xbb, 0xbf};
    unsigned char head[sizeof(mark)];

    if (fread(head, 1, sizeof(head), f) != sizeof(head) || memcmp(head, mark, sizeof(mark)) != 0)
        rewind(f);
}

static int open_checked(struct import_text *t, const struct import_sink *sink)
{
    enum encoding encoding;
    struct stat st;
    int err;

    if (fstat(fileno(t->f), &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return refuse(sink, "is no file");
    if (st.st_size > IMPORT_FILE_MAX)
        return refuse(sink, "the file is larger than 256 MB");
    if (st.st_size == 0)
        return refuse(sink, "the file is empty");
    err = find_encoding(t->f, &encoding);
    if (err)
        return err;
    if (encoding == ENCODING_NONE)
        return refuse(sink, "the file is no text (it has NUL bytes; a UTF-16 file is to be saved as UTF-8)");
    rewind(t->f);
    if (encoding == ENCODING_OTHER)
        return open_converted(t, (size_t)st.st_size, sink);
    skip_mark(t->f);
    return 0;
}

int import_text_open(struct import_text *t, const char *path, const struct import_sink *sink)
{
    int err;

    *t = (struct import_text){.f = fopen(path, "rbe")};
    if (!t->f)
        return -errno;
    err = open_checked(t, sink);
    if (err)
        import_text_close(t);
    return err;
}

void import_text_close(struct import_text *t)
{
    if (t->f)
        fclose(t->f);
    free(t->converted);
    *t = (struct import_text){0};
}

/* --- dates and numbers --- */

static int take_digits(const char **p, int min, int max)
{
    int n = 0, digits = 0;

    while (digits < max && **p >= '0' && **p <= '9') {
        n = n * 10 + (*(*p)++ - '0');
        digits++;
    }
    return digits >= min ? n : -1;
}

/* "14:20", "14:20:05", "14:20:05.123"; the rest stays. */
static bool take_time(const char **p, struct tm *tm)
{
    tm->tm_hour = take_digits(p, 1, 2);
    if (tm->tm_hour < 0 || tm->tm_hour > 23 || *(*p)++ != ':')
        return false;
    tm->tm_min = take_digits(p, 2, 2);
    if (**p == ':') {
        ++*p;
        tm->tm_sec = take_digits(p, 2, 2);
        if (**p == '.')
            *p += 1 + strspn(*p + 1, "0123456789");
    }
    return tm->tm_min >= 0 && tm->tm_min < 60 && tm->tm_sec >= 0 && tm->tm_sec < 60;
}

/* Seconds east of Greenwich; false: what is left is no offset. */
static bool take_offset(const char *p, bool *local, long *seconds)
{
    int hours, minutes = 0, sign = *p == '-' ? -1 : 1;

    p += strspn(p, " ");
    *local = !*p;
    *seconds = 0;
    if (*local || strcmp(p, "Z") == 0 || strcmp(p, "z") == 0)
        return true;
    sign = *p == '-' ? -1 : 1;
    if (*p != '+' && *p != '-')
        return false;
    p++;
    hours = take_digits(&p, 2, 2);
    if (*p == ':')
        p++;
    if (*p)
        minutes = take_digits(&p, 2, 2);
    *seconds = sign * (hours * 3600L + minutes * 60L);
    return hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && !*p;
}

static bool take_day(const char **p, struct tm *tm)
{
    char mark;

    tm->tm_year = take_digits(p, 4, 4) - 1900;
    mark = **p;
    if (mark != '-' && mark != '/')
        return false;
    ++*p;
    tm->tm_mon = take_digits(p, 1, 2) - 1;
    if (*(*p)++ != mark)
        return false;
    tm->tm_mday = take_digits(p, 1, 2);
    return tm->tm_year >= 70 && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 && tm->tm_mday <= 31;
}

bool import_date(const char *text, bool day_end, char out[32])
{
    struct tm tm = {.tm_isdst = -1}, day;
    const char *p = text + strspn(text, " ");
    bool local = true, alone;
    long offset = 0;
    time_t at;

    if (!take_day(&p, &tm))
        return false;
    day = tm;
    timegm(&day);
    if (day.tm_mday != tm.tm_mday) /* 31 April */
        return false;
    alone = p[strspn(p, " ")] == '\0';
    if (!alone && *p++ != ' ' && p[-1] != 'T')
        return false;
    if (!alone && (!take_time(&p, &tm) || !take_offset(p, &local, &offset)))
        return false;
    tm.tm_mday += alone && day_end;
    at = local ? mktime(&tm) : timegm(&tm) - offset;
    if (at <= 0 || !gmtime_r(&at, &tm))
        return false;
    return strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0;
}

bool import_number(const char *text, int64_t high, int64_t *out)
{
    int64_t n = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        n = n * 10 + (*text - '0');
        if (n > high)
            return false;
    }
    *out = n;
    return true;
}
