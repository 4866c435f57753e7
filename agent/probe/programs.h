/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the probe: the kernel programs. Those of all files of bpf/ are linked into one object, so that libbpf reads the
 * kernel's types once for all of them, which is most of what loading takes. A program's name begins with the stem of
 * its file and "_". When the kernel refuses a program of a part, the others are loaded again without that part.
 * Loop-thread-only; everything blocks.
 */
#ifndef AGENT_PROBE_PROGRAMS_H
#define AGENT_PROBE_PROGRAMS_H

#include <stdbool.h>

#include "agent/probe/part.h"
#include "agent/probe/probe.h"

struct programs_bpf; /* programs.skel.h */

struct programs {
	struct programs_bpf *bpf;
	int refused[PROBE_PARTS_MAX]; /* by part: negative errno, why it has no programs; 0: it has */
};

/* Opens, has `fill` set constants and sizes, and loads; `fill` is called once more for each part that is refused.
 * `unified`: there is a v2 hierarchy; else parts that need one are -ENODEV. `also`: groups that are asked for, see
 * probe_options; else their parts are -ECANCELED. On failure nothing is open. */
int programs_load(struct programs *p, bool unified, uint32_t also, void (*fill)(struct programs_bpf *b, void *data),
		  void *data, struct err *e);
void programs_close(struct programs *p); /* detaches all and unloads; fine if nothing is open */

/* Those of a stem that libbpf knows where to attach, less those whose autoattach is off. */
int programs_attach(struct programs_bpf *b, const char *stem);
void programs_detach(struct programs_bpf *b, const char *stem);

/* What libbpf said last is the cause. Returns -EPERM or -EOPNOTSUPP. */
int programs_say(int r, const char *what, struct err *e);

#endif
