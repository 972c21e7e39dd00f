/* What proof.c says to the program, and hears. Both are of one machine and one build: numbers as they are. */
#ifndef QR_PROOF_PRIVATE_H
#define QR_PROOF_PRIVATE_H

#include <stdint.h>

#include "decode_child.h"
#include "proof.h"

/* Then text_len bytes of text and side * side of grey follow. */
struct proof_question {
    uint32_t side, modules, margin, text_len;
};

struct proof_answer {
    uint8_t proved; /* enum qr_proved */
    uint8_t margin;
};

_Static_assert(QR_PROOF_SIDE_MAX >= (177 + 2 * 40) * QR_PROOF_PX, "ISO/IEC 18004: 177 modules at most");

#endif
