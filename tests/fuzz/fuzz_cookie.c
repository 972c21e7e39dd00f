/*
 * The seat cookie from a stranger. Bytes as they are: whatever is accepted must be the very text that seat_token_write
 * makes. And bytes as a token's values: what is written must be read back, and no other text of one byte's change.
 */
#include "fuzz.h"
#include "seat_token.h"

static const unsigned char key[SEAT_TOKEN_KEY] = "fuzz fuzz fuzz!";
static const struct campaign campaign = {.slug = "spring-run", .uid = "0123456789abcdef"};

static void check_same_text(const struct seat_token *t, const char *text, size_t len)
{
    char again[SEAT_TOKEN_MAX];

    CHECK(seat_token_write(t, key, &campaign, again) == len && memcmp(again, text, len) == 0);
}

/* A group id out of the next bytes; false when there are none. */
static bool take_id(const uint8_t **data, size_t *size, char id[GROUP_ID_MAX + 1])
{
    size_t len;

    if (*size == 0)
        return false;
    len = 1 + **data % GROUP_ID_MAX;
    for (size_t i = 0; i < len; i++)
        id[i] = "abcdefghijklmnopqrstuvwxyz0123456789-"[*size > i + 1 ? (*data)[i + 1] % 37 : 0];
    id[len] = '\0';
    len = len + 1 < *size ? len + 1 : *size;
    *data += len;
    *size -= len;
    return true;
}

static void check_values(const uint8_t *data, size_t size)
{
    struct seat_token t = {0}, got;
    char text[SEAT_TOKEN_MAX], id[GROUP_ID_MAX + 1];
    uint64_t numbers[2];
    size_t len, at;

    if (size < sizeof(numbers) + 3)
        return;
    memcpy(numbers, data, sizeof(numbers));
    t.due = (int64_t)(numbers[0] >> 1);
    t.serial = (int64_t)(numbers[1] >> 1);
    t.confirmed = data[sizeof(numbers)] & 1;
    at = data[sizeof(numbers) + 1];
    data += sizeof(numbers) + 2;
    size -= sizeof(numbers) + 2;
    take_id(&data, &size, t.group);
    while (take_id(&data, &size, id))
        seat_token_add_tried(&t, id);
    len = seat_token_write(&t, key, &campaign, text);
    CHECK(len < SEAT_TOKEN_MAX && text[len] == '\0');
    CHECK(seat_token_read(text, len, key, &campaign, &got) == 0);
    check_same_text(&got, text, len);
    text[at % len] = (char)(text[at % len] ^ (1 << at % 8));
    CHECK(seat_token_read(text, len, key, &campaign, &got) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seat_token t;

    if (seat_token_read((const char *)data, size, key, &campaign, &t) == 0)
        check_same_text(&t, (const char *)data, size);
    check_values(data, size);
    return 0;
}
