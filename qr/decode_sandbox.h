/* What huoma-decode gives up before it looks at an image. */
#ifndef QR_DECODE_SANDBOX_H
#define QR_DECODE_SANDBOX_H

/* From here on: no new file, socket, process or program, QR_DECODE_MEMORY_MB more memory and so many seconds of the
 * processor; what is asked for beyond fails. 0 or -errno, then nothing hostile may be touched. */
int decode_sandbox_enter(int cpu_seconds);

#endif
