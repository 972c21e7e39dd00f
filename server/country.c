/* See country.h. What is broken inside the file makes a country unknown, and nothing worse. */
#include "country.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <maxminddb.h>

struct countries {
    MMDB_s database;
};

struct countries *countries_open(const char *path, char err[COUNTRY_TEXT_MAX])
{
    struct countries *c = calloc(1, sizeof *c);
    struct stat st;

    errno = 0;
    if (c && stat(path, &st) == 0 && S_ISREG(st.st_mode)) { /* a pipe would keep the start waiting */
        int status = MMDB_open(path, MMDB_MODE_MMAP, &c->database);
        if (status == MMDB_SUCCESS)
            return c;
        if (status == MMDB_FILE_OPEN_ERROR)
            snprintf(err, COUNTRY_TEXT_MAX, "%s", strerror(errno));
        else
            snprintf(err, COUNTRY_TEXT_MAX, "is no database in MaxMind's format: %s", MMDB_strerror(status));
    } else {
        snprintf(err, COUNTRY_TEXT_MAX, "%s", !c ? "out of memory" : errno ? strerror(errno) : "is no file");
    }
    free(c);
    return NULL;
}

void countries_close(struct countries *c)
{
    if (c)
        MMDB_close(&c->database);
    free(c);
}

static bool find_address(const struct countries *c, const char *address, MMDB_lookup_result_s *found)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    int error = MMDB_SUCCESS;
    const struct sockaddr *at = inet_pton(AF_INET, address, &v4.sin_addr) == 1     ? (struct sockaddr *)&v4
                                : inet_pton(AF_INET6, address, &v6.sin6_addr) == 1 ? (struct sockaddr *)&v6
                                                                                   : NULL;

    if (!at)
        return false;
    *found = MMDB_lookup_sockaddr(&c->database, at, &error);
    return error == MMDB_SUCCESS && found->found_entry;
}

static bool read_code(MMDB_lookup_result_s *found, const char *of, char ret_code[COUNTRY_CODE + 1])
{
    const char *const path[] = {of, "iso_code", NULL};
    MMDB_entry_data_s data;

    if (MMDB_aget_value(&found->entry, &data, path) != MMDB_SUCCESS || !data.has_data ||
        data.type != MMDB_DATA_TYPE_UTF8_STRING || data.data_size != COUNTRY_CODE)
        return false;
    for (size_t i = 0; i < COUNTRY_CODE; i++) {
        ret_code[i] = (char)(data.utf8_string[i] | 0x20);
        if (ret_code[i] < 'a' || ret_code[i] > 'z')
            return false;
    }
    ret_code[COUNTRY_CODE] = '\0';
    return true;
}

void countries_find(const struct countries *c, const char *address, char ret_code[COUNTRY_CODE + 1])
{
    MMDB_lookup_result_s found;

    if (!find_address(c, address, &found) ||
        !(read_code(&found, "country", ret_code) || read_code(&found, "registered_country", ret_code)))
        ret_code[0] = '\0';
}

void countries_describe(const struct countries *c, char out[COUNTRY_TEXT_MAX])
{
    const MMDB_metadata_s *m = &c->database.metadata;
    time_t made = (time_t)m->build_epoch;
    struct tm tm;
    char date[16] = "an unknown day";

    if (gmtime_r(&made, &tm))
        strftime(date, sizeof date, "%Y-%m-%d", &tm);
    snprintf(out, COUNTRY_TEXT_MAX, "%.64s of %s", m->database_type, date);
}
