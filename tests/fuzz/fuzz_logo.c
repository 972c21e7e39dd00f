/* A logo's file from a stranger, as huoma-decode unpacks it: whatever it is, what comes out is of a size that may be.
 */
#include "decode_image.h"
#include "decode_logo.h"
#include "fuzz.h"

/* Of the other image decoder, which is linked and not used. */
_Noreturn void decode_give_up(enum qr_decoded why)
{
    (void)why;
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qr_logo logo = {0, 0, NULL};
    enum qr_decoded d = size <= QR_LOGO_BYTES_MAX ? decode_logo(data, size, &logo) : QR_DECODE_TOO_LARGE;
    uint32_t sum = 0;
    if (d == QR_DECODED) {
        CHECK(logo.width >= 1 && logo.height >= 1 && logo.width <= QR_LOGO_SIDE && logo.height <= QR_LOGO_SIDE);
        for (int i = 0; i < logo.width * logo.height; i++)
            sum += logo.argb[i];
    }
    free(logo.argb);
    return sum == 1 ? -1 : 0;
}
