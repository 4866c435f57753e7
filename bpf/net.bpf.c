/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IP bytes and packets by the cgroup of the socket, at the root of the v2 hierarchy: after the card merged
 * what came, before it splits what goes. Every packet passes and every packet is let through.
 */
#include "kernel.h"

#include <bpf/bpf_helpers.h>

#include "array.h"
#include "cost.h"
#include "skb.h"
#include "table.h"

MAPPED_ARRAY(traffic, struct plimsoll_traffic, 1); /* set at load: CPUs x slots */

volatile bool net_off; /* user space */

#define PASS 1

static __always_inline struct plimsoll_traffic *traffic_of(struct __sk_buff *skb)
{
	__u32 row = table_find(PLIMSOLL_KEY(bpf_skb_cgroup_id(skb), PLIMSOLL_UNIFIED));
	__u32 index = bpf_get_smp_processor_id() * n_slots + (row < n_slots ? row : 0);

	return bpf_map_lookup_elem(&traffic, &index);
}

SEC("cgroup_skb/ingress")
int net_received(struct __sk_buff *skb)
{
	COST(NET);
	struct plimsoll_traffic *t = net_off ? NULL : traffic_of(skb);

	if (t) {
		__sync_fetch_and_add(&t->net_received_bytes, skb->len);
		__sync_fetch_and_add(&t->net_received_packets, 1);
	}
	return PASS;
}

SEC("cgroup_skb/egress")
int net_sent(struct __sk_buff *skb)
{
	COST(NET);
	struct plimsoll_traffic *t = net_off ? NULL : traffic_of(skb);

	if (t) {
		__sync_fetch_and_add(&t->net_sent_bytes, skb->len);
		__sync_fetch_and_add(&t->net_sent_packets, 1);
	}
	return PASS;
}

char LICENSE[] SEC("license") = "GPL";
