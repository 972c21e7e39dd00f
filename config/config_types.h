/* What a key's value may be in general: its types, for the table, and what they have in common with checks. */
#ifndef CONFIG_CONFIG_TYPES_H
#define CONFIG_CONFIG_TYPES_H

#include "config_keys.h"

extern const struct config_type config_type_number, config_type_text, config_type_word, config_type_switch;
extern const struct config_type config_type_address;                  /* HOST:PORT */
extern const struct config_type config_type_cidrs, config_type_hosts; /* lists */

/* Writes the reason, returns false. */
bool config_refuse(char why[CONFIG_WHY_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A stranger's text for an error line: printable ASCII, cut to size (at least 4). Returns out. */
const char *config_echo(const char *text, char *out, size_t size);
/* All of the text. false: it is none, or too large. */
bool config_whole_number(const char *text, long *n);
/* host[:port] of a URL, in place. A host is a name, an IPv4 address or an IPv6 address in brackets. */
bool config_check_host_port(char *text, char why[CONFIG_WHY_MAX]);

#endif
