/*
 * Files of other programs from a stranger, the first byte saying how they are read: an SQL dump or CSV. Whatever comes
 * out is a row of strings and nulls, or a reason.
 */
#include <stdio.h>

#include "fuzz.h"
#include "import_rows.h"
#include "import_text.h"

static bool wants(void *ctx, const char *table)
{
    (void)ctx;
    return table[0] != 's';
}

static void on_row(void *ctx, const char *table, long line, json_t *fields)
{
    const char *name;
    json_t *value;
    char date[32];

    CHECK(line >= 1 && line <= *(long *)ctx && strlen(table) <= IMPORT_NAME_MAX);
    CHECK(json_object_size(fields) <= IMPORT_COLUMNS_MAX);
    json_object_foreach(fields, name, value)
    {
        CHECK(strlen(name) <= IMPORT_NAME_MAX && (json_is_string(value) || json_is_null(value)));
        CHECK(json_string_length(value) <= IMPORT_VALUE_MAX);
        if (json_is_string(value) && import_date(json_string_value(value), true, date))
            CHECK(strlen(date) == 20);
    }
}

static void on_bad(void *ctx, const char *table, long line, const char *why)
{
    CHECK(line >= 1 && line <= *(long *)ctx + 1 && strlen(table) <= IMPORT_NAME_MAX && *why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    long lines = 1;
    const struct import_rows rows = {&lines, wants, on_row, on_bad};
    FILE *f;

    if (size < 2)
        return 0;
    for (size_t i = 1; i < size; i++)
        lines += data[i] == '\n';
    f = fmemopen((void *)(uintptr_t)(data + 1), size - 1, "r");
    CHECK(f);
    CHECK((data[0] % 2 ? import_csv : import_sql)(f, &rows) == 0);
    fclose(f);
    return 0;
}
