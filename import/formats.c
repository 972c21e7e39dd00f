/* The formats that can be imported: one row each, those that are told from their begin most surely first. */
#include "formats_private.h"

const struct import_format import_formats[] = {
    {"likeyun", import_likeyun_looks, import_likeyun_read},
    {"yourls", import_yourls_looks, import_yourls_read},
    {"shlink", import_shlink_looks, import_shlink_read},
    {"kutt", import_kutt_looks, import_kutt_read},
    {"csv", import_csv_looks, import_csv_read},
    {NULL, NULL, NULL},
};
