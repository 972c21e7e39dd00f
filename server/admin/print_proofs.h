/*
 * What was proved lately: a design that was drawn and read by the decoder once need not be again. A table of fixed size
 * that forgets what was asked for longest ago. For one thread.
 */
#ifndef SERVER_ADMIN_PRINT_PROOFS_H
#define SERVER_ADMIN_PRINT_PROOFS_H

#include <stdbool.h>

enum {
    PRINT_PROOFS_KEPT = 4096, /* designs: a few of the longest sheets */
    PRINT_PROOF_KEY = 16,     /* bytes of a hash of all that is drawn */
};

struct print_proofs;

struct print_proofs *print_proofs_new(void); /* NULL: out of memory */
void print_proofs_free(struct print_proofs *p);

/* false: not known. */
bool print_proofs_find(struct print_proofs *p, const unsigned char key[PRINT_PROOF_KEY], int *ret_margin);
void print_proofs_keep(struct print_proofs *p, const unsigned char key[PRINT_PROOF_KEY], int margin);

#endif
