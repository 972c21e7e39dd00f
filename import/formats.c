/* The formats that can be imported: one row each. */
#include "import.h"

const struct import_format import_formats[] = {
    {NULL, NULL, NULL},
};
