/* See logo_record.h. */
#include "logo_record.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "campaign_json_memory.h"
#include "logo.h"

enum { BASE64 = sodium_base64_VARIANT_ORIGINAL };

_Static_assert(sodium_base64_ENCODED_LEN(QR_LOGO_BYTES_MAX, BASE64) <= STORE_LOGO_MAX, "a logo as text");

const char *logo_type(const unsigned char *file, size_t len)
{
    return len > 0 && file[0] == 0xff ? "image/jpeg" : "image/png";
}

char *logo_to_text(const void *file, size_t len)
{
    size_t size = sodium_base64_ENCODED_LEN(len, BASE64);
    char *text = malloc(size);
    return text ? sodium_bin2base64(text, size, file, len, BASE64) : NULL;
}

unsigned char *logo_from_text(const char *text, size_t len, size_t *ret_len)
{
    unsigned char *file = malloc(len + 1);
    if (!file)
        json_memory_lacks();
    if (file && sodium_base642bin(file, len + 1, text, len, NULL, ret_len, NULL, BASE64) == 0)
        return file;
    free(file);
    return NULL;
}

bool logo_etag(const char *text, char etag[ANSWER_ETAG])
{
    size_t len = 0;
    unsigned char *file = logo_from_text(text, strlen(text), &len);
    etag[0] = '\0';
    if (file)
        answer_etag(file, len, etag);
    free(file);
    return etag[0] != '\0';
}

static json_t *describe(const char *text)
{
    char etag[ANSWER_ETAG];
    size_t len = 0;
    unsigned char *file = text ? logo_from_text(text, strlen(text), &len) : NULL;
    if (!file)
        return NULL;
    answer_etag(file, len, etag);
    json_t *told = json_pack("{s:s,s:i,s:s%}", "type", logo_type(file, len), "bytes", (int)len, "hash", etag + 1,
                             (size_t)ANSWER_HASH * 2);
    free(file);
    return told;
}

void logo_audit(struct audit_change *ch, const char *was, const char *now)
{
    /* Each as a whole: what two files have in common says nothing. */
    struct audit_change went = {NULL, NULL}, came = {NULL, NULL};
    audit_objects(&went, describe(was), NULL);
    audit_objects(&came, NULL, describe(now));
    *ch = (struct audit_change){went.before, came.after};
}
