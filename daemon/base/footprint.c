/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * Unmodified pages of mapped files are dropped, and free heap pages. Measured
 * with one association and libipsec-mb while TCP runs: engine and monitor
 * have 12.1 MB when this is done at the start only, 7.0 MB when it is done
 * after an exchange, too.
 */
#include "daemon/base/footprint.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* Segments without write permission hold nothing that is not in the file. */
static int drop_segments(struct dl_phdr_info *info, size_t size, void *ctx)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)ctx;
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t begin = info->dlpi_addr + p->p_vaddr;
		uintptr_t end = begin + p->p_filesz;

		if (p->p_type != PT_LOAD || (p->p_flags & PF_W))
			continue;
		begin &= ~(page - 1);
		end &= ~(page - 1); /* the last page may be shared */
		/* A refusal leaves things as they are. */
		if (end > begin)
			(void)madvise((void *)begin, end - begin,
				      MADV_DONTNEED);
	}
	return 0;
}

void footprint_shrink(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(drop_segments, NULL);
}
