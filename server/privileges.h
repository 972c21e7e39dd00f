/*
 * What the serving process may still do. The server, its Redis and its decoders share it; nothing is ever given back.
 *
 *     privileges_leave_root   first of all, before there is a thread or a child
 *     privileges_bind(true)   while doors are bound: port 80 is root's
 *     privileges_bind(false)
 *     privileges_end          when all doors are bound
 */
#ifndef SERVER_PRIVILEGES_H
#define SERVER_PRIVILEGES_H

#include <stdbool.h>
#include <stddef.h>

enum { PRIVILEGES_ERR_MAX = 256 };

/*
 * Becomes `user` (""; then nothing of the kind), who gets data_dir if it is not there yet; then forbids set-uid
 * programs (PR_SET_NO_NEW_PRIVS) and, by seccomp, every system call that neither the server nor Redis needs: it fails
 * with ENOSYS. Threads and children to come inherit all of it. 0, or -1 and why in err. Without seccomp in the kernel:
 * 1, why in err, and the rest holds.
 */
int privileges_leave_root(const char *user, const char *data_dir, char err[PRIVILEGES_ERR_MAX]);
/* Root again, as far as the kernel asks who binds a port, and not any more; nothing if there is no `user`. 0 or -errno.
 */
int privileges_bind(bool root);
/* Never root again, in every thread. 0 or -errno. */
int privileges_end(void);

#endif
