/* SPDX-License-Identifier: GPL-2.0-or-later OR Apache-2.0 */
/*
 * From a new process to a running engine: takes the handover, gives up all
 * rights, then makes everything that the loop works with.
 */
#ifndef HIPLINE_ENGINE_START_H
#define HIPLINE_ENGINE_START_H

/*
 * Runs as the engine of the monitor at the other end of `channel`; returns
 * the exit status.
 */
int engine_run(int channel);

#endif
