/* Questions for proof as huoma-decode reads them from whoever has taken over the server: each is answered as it may be,
 * or ends the program. */
#include <sys/mman.h>
#include <unistd.h>

#include "decode_proof.h"
#include "fuzz.h"
#include "proof_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int in = memfd_create("questions", MFD_CLOEXEC), out = memfd_create("answers", MFD_CLOEXEC);
    struct proof_answer a;
    size_t answers = 0;
    CHECK(in >= 0 && out >= 0 && write(in, data, size) == (ssize_t)size && lseek(in, 0, SEEK_SET) == 0);
    CHECK(decode_proofs(in, out) == 0 && lseek(out, 0, SEEK_SET) == 0);
    for (; read(out, &a, sizeof a) == sizeof a; answers++)
        CHECK(a.proved < QR_NOT_PROVED && a.margin <= QR_PROOF_DIRT_MAX && (a.proved == QR_PROVED) == (a.margin > 0));
    CHECK(answers * sizeof(struct proof_question) <= size);
    close(in);
    close(out);
    return 0;
}
