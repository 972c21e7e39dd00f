/* huoma-decode's other work. */
#ifndef QR_DECODE_PROOF_H
#define QR_DECODE_PROOF_H

/* Answers proof.c's questions on the descriptor `in` on `out`, until there are no more or one is none. The program's
 * exit code. */
int decode_proofs(int in, int out);

#endif
