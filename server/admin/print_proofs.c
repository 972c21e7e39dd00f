/* See print_proofs.h. A key belongs to one row of PLACES, chosen by its first bytes; the row's oldest gives way. */
#include "print_proofs.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { PLACES = 8, ROWS = PRINT_PROOFS_KEPT / PLACES };

struct proof {
    unsigned char key[PRINT_PROOF_KEY];
    uint64_t asked; /* when, counted in questions; 0: an empty place */
    int margin;
};

struct print_proofs {
    uint64_t now;
    struct proof rows[ROWS][PLACES];
};

struct print_proofs *print_proofs_new(void)
{
    return calloc(1, sizeof(struct print_proofs));
}

void print_proofs_free(struct print_proofs *p)
{
    free(p);
}

static struct proof *row_of(struct print_proofs *p, const unsigned char *key)
{
    return p->rows[(key[0] | (unsigned)key[1] << 8) % ROWS];
}

bool print_proofs_find(struct print_proofs *p, const unsigned char key[PRINT_PROOF_KEY], int *ret_margin)
{
    struct proof *row = row_of(p, key);
    for (int i = 0; i < PLACES; i++) {
        if (!row[i].asked || memcmp(row[i].key, key, PRINT_PROOF_KEY) != 0)
            continue;
        row[i].asked = ++p->now;
        *ret_margin = row[i].margin;
        return true;
    }
    return false;
}

void print_proofs_keep(struct print_proofs *p, const unsigned char key[PRINT_PROOF_KEY], int margin)
{
    struct proof *row = row_of(p, key), *oldest = row;
    for (int i = 1; i < PLACES; i++)
        if (row[i].asked < oldest->asked)
            oldest = &row[i];
    memcpy(oldest->key, key, PRINT_PROOF_KEY);
    oldest->asked = ++p->now;
    oldest->margin = margin;
}
