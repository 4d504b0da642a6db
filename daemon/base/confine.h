/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * What is left to a process that reads the network once it is set up: the
 * system calls that it needs (seccomp), and of the file system only to read
 * below /etc, and a folder of its own (Landlock). For processes that have
 * no_new_privs.
 */
#ifndef HIPLINE_CONFINE_H
#define HIPLINE_CONFINE_H

/*
 * For the resolver, with its folder, or -1. A kernel without Landlock or
 * without seccomp is said once, and is no failure; else 0 or a negative errno.
 */
__attribute__((warn_unused_result)) int confine_resolver(int folder);

#endif
