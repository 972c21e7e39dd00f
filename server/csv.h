/* Text as a cell of a CSV file (RFC 4180). */
#ifndef SERVER_CSV_H
#define SERVER_CSV_H

#include <stdio.h>

/* In quotes; what a spreadsheet would take for a formula gets an apostrophe in front. */
void csv_put_cell(FILE *out, const char *text);

#endif
