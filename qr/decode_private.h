/* The program huoma-decode, as decode_child.c and proof.c start it and talk with it. */
#ifndef QR_DECODE_PRIVATE_H
#define QR_DECODE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What makes the program prove codes instead of decoding one image. */
#define DECODE_PROOF "proof"
/* What makes it unpack a picture. */
#define DECODE_LOGO "logo"

/* Then, if it is QR_DECODED, width * height numbers of 32 bits follow. */
struct decode_logo_answer {
    uint32_t decoded, width, height;
};

struct decode_child {
    pid_t pid;
    int fd; /* its input and output */
    int64_t end_ms;
};

/* mode: NULL or DECODE_PROOF. 0 or -errno. */
int decode_child_start(struct decode_child *c, const char *mode);
/* From now on, for what follows. */
void decode_child_allow(struct decode_child *c, int seconds);
/* false: the time is over. A program that does not listen any more is no error here. */
bool decode_child_send(const struct decode_child *c, const void *bytes, size_t len);
/* Up to room bytes, or what came before its end; -1: the time is over. */
ssize_t decode_child_receive(const struct decode_child *c, void *answer, size_t room);
/* Kills it. Its status as of waitpid(2). */
int decode_child_end(struct decode_child *c);
/* Whether a program that did not answer as it should was stopped by a limit of time: what decode_child_receive
 * returned, and its status. */
bool decode_child_was_late(ssize_t received, int status);

#endif
