/* Cells of CSV files: what strangers wrote is opened in a spreadsheet. */
#include "csv.h"

#include <stdbool.h>
#include <string.h>

void csv_put_cell(FILE *out, const char *text)
{
    bool formula = text[0] && strchr("=@\t", text[0]) != NULL;
    bool sign = (text[0] == '-' || text[0] == '+') && strspn(text + 1, "0123456789 ()-") != strlen(text + 1);
    fputc('"', out);
    if (formula || sign)
        fputc('\'', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}
