/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a run lives: a private directory for certificates, state and policy, and the addresses of the
 * daemons. The well-known sockets and ports are taken when nobody has them (so that `plimsoll` needs no
 * flag in a second terminal), else sockets in the directory and free ports. File system and socket
 * calls only; any thread.
 */
#ifndef DEMO_PLACE_H
#define DEMO_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "demo/step.h"

#define PLACE_PATH 256

struct place {
	char dir[PLACE_PATH / 2]; /* "" until made */
	char tls[PLACE_PATH], state[PLACE_PATH], policy[PLACE_PATH], hook[PLACE_PATH];
	char config[PLACE_PATH]; /* says nothing, so that this machine's /etc/plimsoll is not read */
	char agent_socket[PLACE_PATH], aggregator_socket[PLACE_PATH];
	uint16_t grpc_port, http_port;
	bool closed; /* others cannot get to `dir`, so the agent must stay root to reach its key */
};

int place_make(struct place *ret_p, struct err *e);
/* Writes the empty configuration, and the ScalingPolicy for the cgroups below `root`, scaled by `binary`, as `c` has it. */
int place_write_files(const struct place *p, const char *root, const char *binary, const struct step_cycle *c,
		      struct err *e);
void place_remove(struct place *p); /* also the daemons' sockets if they left them */

/* Removes directories of runs whose process is dead. Returns how many. */
int place_sweep(void);

#endif
