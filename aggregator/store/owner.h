/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which workload made a pod, told from the pod's name as Kubernetes makes it (apiserver names/generate.go,
 * controller_utils.go, stateful_set_utils.go), for whoever has no API server to ask:
 *
 *	Deployment            NAME-<1 to 10 of the alphabet>-<5 of it>   alphabet: bcdfghjklmnpqrstvwxz2456789
 *	ReplicaSet, DaemonSet, ReplicationController, Job   NAME-<5 of it>
 *	StatefulSet           NAME-<number>
 *
 * So "web" does not take the pods of "web-admin", as a glob would. A name that Kubernetes had to cut (more than
 * 58 bytes before the last part) is not recognized. Pure.
 */
#ifndef AGGREGATOR_STORE_OWNER_H
#define AGGREGATOR_STORE_OWNER_H

#include <stdbool.h>

#define OWNER_PREFIX "owner:" /* a workload's glob that begins so is "owner:KIND/NAMESPACE/NAME" */

bool owner_is_kind(const char *kind); /* whether it is one of those above */
/* `owner` without its prefix; wrong ones own nothing. */
bool owner_made(const char *owner, const char *ns, const char *pod);

#endif
