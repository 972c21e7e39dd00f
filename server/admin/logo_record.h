/* A logo as the store has it, a file in base64, and what is told of it. */
#ifndef SERVER_ADMIN_LOGO_RECORD_H
#define SERVER_ADMIN_LOGO_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "audit.h"

/* "image/png" or "image/jpeg". */
const char *logo_type(const unsigned char *file, size_t len);
/* malloc'd; NULL: out of memory. */
char *logo_to_text(const void *file, size_t len);
/* malloc'd; NULL: it is no base64, or out of memory. */
unsigned char *logo_from_text(const char *text, size_t len, size_t *ret_len);
/* false: it is no base64, or out of memory; then etag is empty. */
bool logo_etag(const char *text, char etag[ANSWER_ETAG]);
/* Type, size and hash, which is the ETag's, of which one went and which one came, as texts; NULL: none. */
void logo_audit(struct audit_change *ch, const char *was, const char *now);

#endif
