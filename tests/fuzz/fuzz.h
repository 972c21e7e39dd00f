/* What every target begins with. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What must hold whatever comes in; else the input is kept. */
#define CHECK(what)                                                                                                    \
    do {                                                                                                               \
        if (!(what))                                                                                                   \
            abort();                                                                                                   \
    } while (0)

/* libFuzzer's; it has no header for this. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
