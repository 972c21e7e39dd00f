/* Questions for proof as huoma-decode reads them from whoever has taken over the server: each is answered as it may be,
 * or ends the program. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "decode_proof.h"
#include "proof_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int in = memfd_create("questions", MFD_CLOEXEC), out = memfd_create("answers", MFD_CLOEXEC);
    struct proof_answer a;
    size_t answers = 0;
    if (in < 0 || out < 0 || write(in, data, size) != (ssize_t)size || lseek(in, 0, SEEK_SET) != 0)
        abort();
    if (decode_proofs(in, out) != 0 || lseek(out, 0, SEEK_SET) != 0)
        abort();
    for (; read(out, &a, sizeof a) == sizeof a; answers++)
        if (a.proved >= QR_NOT_PROVED || a.margin > QR_PROOF_DIRT_MAX || (a.proved == QR_PROVED) != (a.margin > 0))
            abort();
    if (answers * sizeof(struct proof_question) > size)
        abort();
    close(in);
    close(out);
    return 0;
}
