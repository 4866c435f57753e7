/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/cri.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/names/book.h"
#include "agent/names/door.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"
#include "runtime/v1/cri.pb-c.h"

#define CRI_MAGIC 0x63726900u

/* The calls of one list, in this order: a container that is listed has its sandbox in the later list. */
enum step { ASK_VERSION, ASK_CONTAINERS, ASK_SANDBOXES, STEPS };

struct cri {
	unsigned magic;
	struct lister lister;
	struct rpc_client *client;
	struct rpc_call *call, *events; /* NULL: none open */
	struct rpc_msg *containers;	/* of the list that is being asked for */
	enum step step;
	bool got;	    /* the open call's answer */
	bool no_events;	    /* this runtime has none, or none for long */
	uint64_t events_ns; /* when they were opened */
	void (*done)(void *data);
	void *done_data;
};

/* What core says of a socket that may not be opened is long, and another thing with every version. */
static bool is_denied(const char *address)
{
	scoped(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && door_call(fd, address + strlen("unix:")) < 0 && errno == EACCES;
}

static void failed(struct cri *c, const char *why)
{
	rpc_msg_release(take(c->containers));
	c->lister.state.events = c->events != NULL;
	lister_failed(&c->lister, why, is_denied(c->lister.options.address));
}

void cri_want(struct cri *c)
{
	lister_want(&c->lister);
}

/* Events */

static void event(struct rpc_call *call, struct rpc_msg *m)
{
	struct cri *c = obj_cast(struct cri, rpc_data(call), CRI_MAGIC);
	const Runtime__V1__ContainerEventResponse *e = (const void *)rpc_msg_get(m);

	c->lister.state.event_count++;
	if (e->container_event_type == RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_STOPPED_EVENT)
		return;
	if (e->container_event_type != RUNTIME__V1__CONTAINER_EVENT_TYPE__CONTAINER_DELETED_EVENT)
		cri_want(c);
	else
		lister_gone(&c->lister, e->container_id);
}

static void events_closed(struct rpc_call *call, enum rpc_code code, const char *text)
{
	struct cri *c = obj_cast(struct cri, rpc_data(call), CRI_MAGIC);

	(void)text;
	c->events = NULL;
	c->no_events = code == RPC_UNIMPLEMENTED || clock_boot().ns - c->events_ns < CRI_EVENTS_GOOD_NS;
	if (c->done)
		return;
	c->lister.state.events = false;
	lister_tell_state(&c->lister);
	if (!c->no_events)
		cri_want(c); /* which opens them again, if the runtime is still there */
}

static const struct rpc_handler event_handler = {.message = event, .closed = events_closed};

static const struct rpc_method get_events = {
	.path = "/runtime.v1.RuntimeService/GetContainerEvents",
	.kind = RPC_SERVER_STREAM,
	.request = &runtime__v1__get_events_request__descriptor,
	.response = &runtime__v1__container_event_response__descriptor,
};

static void open_events(struct cri *c)
{
	const Runtime__V1__GetEventsRequest q = RUNTIME__V1__GET_EVENTS_REQUEST__INIT;

	if (c->events || c->no_events)
		return;
	c->events = rpc_open(c->client, &get_events, &event_handler, 0, false, c);
	c->events_ns = clock_boot().ns;
	(void)rpc_send(c->events, &q.base);
}

/* A list */

static void listed(struct cri *c, const book_sandboxes *sandboxes)
{
	const book_containers *containers = (const void *)rpc_msg_get(c->containers);

	lister_open(&c->lister);
	lister_close(&c->lister, book_read(containers, sandboxes, lister_entry, &c->lister).refused);
}

static void keep_version(struct cri *c, const Runtime__V1__VersionResponse *v)
{
	names_text_cut(c->lister.state.runtime, NAMES_LABEL_MAX, v->runtime_name, SIZE_MAX);
	names_text_cut(c->lister.state.text, NAMES_TEXT_MAX, v->runtime_version, SIZE_MAX);
}

static void answer(struct rpc_call *call, struct rpc_msg *m)
{
	struct cri *c = obj_cast(struct cri, rpc_data(call), CRI_MAGIC);

	c->got = true;
	if (c->step == ASK_VERSION)
		keep_version(c, (const void *)rpc_msg_get(m));
	else if (c->step == ASK_CONTAINERS)
		c->containers = rpc_msg_keep(m);
	else
		listed(c, (const void *)rpc_msg_get(m));
}

static void ask(struct cri *c);

static void finish(struct cri *c)
{
	rpc_msg_release(take(c->containers));
	open_events(c);
	c->lister.state.events = c->events != NULL;
	lister_finished(&c->lister);
}

static void answered(struct rpc_call *call, enum rpc_code code, const char *text)
{
	struct cri *c = obj_cast(struct cri, rpc_data(call), CRI_MAGIC);

	c->call = NULL;
	if (c->done)
		return;
	if (code != RPC_OK || !c->got)
		failed(c, text && *text ? text : rpc_code_name(code));
	else if (++c->step < STEPS)
		ask(c);
	else
		finish(c);
}

static const struct rpc_handler answer_handler = {.message = answer, .closed = answered};

static const struct rpc_method methods[STEPS] = {
#define METHOD(name, stem)                                                                         \
	{.path = "/runtime.v1.RuntimeService/" name, .kind = RPC_UNARY,                            \
	 .request = &runtime__v1__##stem##_request__descriptor,                                    \
	 .response = &runtime__v1__##stem##_response__descriptor}
	[ASK_VERSION] = METHOD("Version", version),
	[ASK_CONTAINERS] = METHOD("ListContainers", list_containers),
	[ASK_SANDBOXES] = METHOD("ListPodSandbox", list_pod_sandbox),
};

static void ask(struct cri *c)
{
	const Runtime__V1__VersionRequest version = RUNTIME__V1__VERSION_REQUEST__INIT;
	const Runtime__V1__ListContainersRequest containers = RUNTIME__V1__LIST_CONTAINERS_REQUEST__INIT;
	const Runtime__V1__ListPodSandboxRequest sandboxes = RUNTIME__V1__LIST_POD_SANDBOX_REQUEST__INIT;
	const ProtobufCMessage *const requests[STEPS] = {&version.base, &containers.base, &sandboxes.base};

	c->got = false;
	c->call = rpc_open(c->client, &methods[c->step], &answer_handler,
			   c->lister.options.answer_ns, false, c);
	(void)rpc_send(c->call, requests[c->step]); /* a call that failed says so in closed() */
}

static void begin(void *data)
{
	struct cri *c = obj_cast(struct cri, data, CRI_MAGIC);

	if (!c->lister.state.connected || clock_boot().ns - c->events_ns >= LISTER_MOST_NS)
		c->no_events = false; /* what comes back may be another version */
	c->step = c->lister.state.connected ? ASK_CONTAINERS : ASK_VERSION;
	ask(c);
}

/* Life */

int cri_start(const struct lister_options *o, struct cri **ret_c, struct err *e)
{
	const struct rpc_client_options client = {.address = o->address,
						  .max_message = CRI_MAX_MESSAGE,
						  .backoff_max_ns = LISTER_RETRY_LEAST_NS,
						  .no_keepalive = true};
	struct cri *c = mem_new(struct cri);
	int r;

	c->magic = CRI_MAGIC;
	r = rpc_client_new(o->loop, &client, &c->client, e);
	if (r < 0) {
		free(c);
		return r;
	}
	lister_start(&c->lister, o, begin, c);
	*ret_c = c;
	return 0;
}

static void stopped(void *data)
{
	struct cri *c = obj_cast(struct cri, data, CRI_MAGIC);
	void (*done)(void *) = c->done;
	void *done_data = c->done_data;

	rpc_msg_release(c->containers);
	lister_stop(&c->lister);
	c->magic = 0;
	free(c);
	done(done_data);
}

void cri_stop(struct cri *c, void (*done)(void *data), void *data)
{
	c->done = done;
	c->done_data = data;
	rpc_client_close(c->client, stopped, c);
}
