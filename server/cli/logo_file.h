/* A logo that a command is given as a file. */
#ifndef SERVER_CLI_LOGO_FILE_H
#define SERVER_CLI_LOGO_FILE_H

#include "logo.h"

/*
 * Reads a PNG or JPEG and has it unpacked far from this process, by the rules of the API. The file's bytes, malloc'd;
 * NULL: said on stderr. Clear ret_logo in either case.
 */
unsigned char *logo_file_read(const char *path, size_t *ret_len, struct qr_logo *ret_logo);

#endif
