/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/book.h"

#include "base/map.h"
#include "base/scope.h"
#include "runtime/v1/cri.pb-c.h"

#define SANDBOX_NAME "pause" /* what Kubernetes' own image for it is called */

struct reading {
	struct strmap *sandboxes; /* id → metadata */
	void (*tell)(const struct names_entry *e, void *data);
	void *data;
	struct book_counts counts;
};

static bool fill(struct names_entry *e, const char *id, const char *container,
		 const Runtime__V1__PodSandboxMetadata *pod)
{
	return id && names_id_good(id) && names_text_put(e->id, NAMES_ID, id) &&
	       names_text_put(e->container, NAMES_LABEL_MAX, container) && pod &&
	       names_text_put(e->pod, NAMES_POD_MAX, pod->name) && names_text_put(e->pod_uid, NAMES_UID_MAX, pod->uid) &&
	       names_text_put(e->pod_namespace, NAMES_LABEL_MAX, pod->namespace_);
}

static void say(struct reading *r, const char *id, const char *container, uint32_t attempt,
		const Runtime__V1__PodSandboxMetadata *pod, bool sandbox)
{
	struct names_entry e = {.sandbox = sandbox, .attempt_known = true, .attempt = attempt};

	if (r->counts.told == NAMES_MOST || !fill(&e, id, container, pod)) {
		r->counts.refused++;
		return;
	}
	r->counts.told++;
	r->tell(&e, r->data);
}

static void read_sandbox(struct reading *r, const Runtime__V1__PodSandbox *s)
{
	if (s->metadata && s->id && names_id_good(s->id))
		strmap_put(r->sandboxes, s->id, s->metadata);
	say(r, s->id, SANDBOX_NAME, s->metadata ? s->metadata->attempt : 0, s->metadata, true);
}

static void read_container(struct reading *r, const Runtime__V1__Container *c)
{
	say(r, c->id, c->metadata ? c->metadata->name : NULL, c->metadata ? c->metadata->attempt : 0,
	    c->pod_sandbox_id ? strmap_get(r->sandboxes, c->pod_sandbox_id) : NULL, false);
}

struct book_counts book_read(const book_containers *c, const book_sandboxes *s,
			     void (*tell)(const struct names_entry *e, void *data), void *data)
{
	scoped(strmap_freep) struct strmap *sandboxes = strmap_new();
	struct reading r = {.sandboxes = sandboxes, .tell = tell, .data = data};

	for (size_t i = 0; i < s->n_items; i++)
		read_sandbox(&r, s->items[i]);
	for (size_t i = 0; i < c->n_containers; i++)
		read_container(&r, c->containers[i]);
	return r.counts;
}
