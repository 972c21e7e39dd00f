/* huoma-decode's other work. */
#ifndef QR_DECODE_PROOF_H
#define QR_DECODE_PROOF_H

/* Answers the questions of proof.c on the input until it ends. The program's exit code. */
int decode_proofs(void);

#endif
