/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/names.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent/names/door.h"
#include "agent/names/asker.h"
#include "agent/names/inside.h"
#include "agent/names/word.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/obj.h"

#define WORDS_AT_ONCE 1024 /* then others have their turn on the loop */

const struct names_kind_words names_kinds[NAMES_KINDS] = {
	[NAMES_CRI] = {"cri", "the container runtime",
		       "where there is one, start the agent after it, or name it with --cri unix:PATH"},
	[NAMES_DOCKER] = {"docker", "Docker", "start the agent after Docker, or name its socket with --docker unix:PATH"},
	[NAMES_PODMAN] = {"podman", "Podman", "systemctl enable --now podman.socket, then start the agent again"},
};

/* How old a row without a name is when the runtime is asked for it. A runtime lists a container a moment
 * after its cgroup is there; what it has not listed after a minute is none of its own. */
static const uint64_t ask_at_s[] = {0, 1, 2, 4, 8, 16, 32, 60};

struct known {
	struct names_entry entry;
	uint64_t list; /* the newest that had it */
};

/* What the helper says */

static void forget(struct names *n, const char *id)
{
	free(strmap_del(n->known, id));
}

static void keep(struct names *n, const struct names_entry *e)
{
	struct known *k = strmap_get(n->known, e->id);

	if (!k && strmap_size(n->known) >= 2 * NAMES_MOST) {
		agent_count(agent_names_words_refused_total, 1);
		return;
	}
	if (k && strcmp(k->entry.container, e->container) != 0)
		n->renamed = true;
	if (!k) {
		k = mem_new(struct known);
		strmap_put(n->known, e->id, k);
	}
	k->entry = *e;
	k->list = n->list;
}

static void sweep(struct names *n)
{
	const char *id;
	void *value;
	size_t at = 0;

	while (strmap_next(n->known, &at, &id, &value))
		if (((struct known *)value)->list != n->list)
			forget(n, id);
}

static void keep_state(struct names *n, const struct names_state *s)
{
	bool first = !n->heard, was = n->state.connected;

	n->state = *s;
	n->heard = true;
	if (s->connected && (first || !was))
		log_info("containers get their names from %s %s at %s", s->runtime, s->text, n->address);
	else if (!s->connected && (first || was))
		log_warn("%s at %s does not answer (%s), containers go by their ids; asking on",
			 names_kinds[n->kind].what, n->address, s->text);
}

static void take_word(struct names *n, const struct names_word *w)
{
	switch (w->tell) {
	case NAMES_STATE:
		keep_state(n, &w->state);
		break;
	case NAMES_BEGIN:
		n->list++;
		break;
	case NAMES_ENTRY:
		keep(n, &w->entry);
		break;
	case NAMES_END:
		sweep(n);
		break;
	case NAMES_GONE:
		forget(n, w->entry.id);
		break;
	}
}

static void lose_helper(struct names *n)
{
	log_warn("the helper that asks %s has ended: new containers go by their ids until the agent is started again",
		 names_kinds[n->kind].what);
	loop_fd_close(n->watch);
	n->watch = NULL;
	close(n->fd);
	n->fd = -1;
	n->lost = true;
	n->state.connected = false;
}

static void hear(int events, void *data)
{
	struct names *n = obj_cast(struct names, data, NAMES_MAGIC);
	struct names_word w;

	(void)events;
	for (int i = 0; i < WORDS_AT_ONCE; i++) {
		ssize_t size = recv(n->fd, &w, sizeof(w), MSG_DONTWAIT);

		if (size < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (size <= 0) {
			lose_helper(n);
			return;
		}
		if (names_word_good(&w, (size_t)size))
			take_word(n, &w);
		else
			agent_count(agent_names_words_refused_total, 1);
	}
}

/* Rows */

/* A container outside of pods whose path does not tell whose it is may be of any runtime that is there. */
static bool is_of(const struct names *n, const struct sample_row *r)
{
	static const char *const others[] = {"docker", "podman", "lxc", "nspawn", "libvirt"};

	if (identity_is_users(r->cgroup))
		return false;
	if (r->kind == IDENTITY_POD_CONTAINER)
		return n->kind == NAMES_CRI;
	if (r->kind != IDENTITY_CONTAINER)
		return false;
	if (n->kind != NAMES_CRI)
		return *r->runtime ? strcmp(r->runtime, names_kinds[n->kind].notice) == 0 : n->address != NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcmp(r->runtime, others[i]) == 0)
			return false;
	return true;
}

static bool may_be_named(const struct names *n, const struct sample_row *r)
{
	return !r->named && !r->ended && is_of(n, r) && names_id_good(r->container_id);
}

static bool has_come_of_age(const struct sample_row *r, clock_boot_t since, clock_boot_t now)
{
	for (size_t i = 0; i < sizeof(ask_at_s) / sizeof(ask_at_s[0]); i++) {
		uint64_t at = r->first_seen.ns + ask_at_s[i] * CLOCK_NS_PER_S;

		if (at > since.ns && at <= now.ns)
			return true;
	}
	return false;
}

static void name_row(struct sample_row *r, const struct names *n, const struct names_entry *e)
{
	const struct sample_names s = {
		.kind = n->kind != NAMES_CRI ? r->kind : e->sandbox ? IDENTITY_SANDBOX : IDENTITY_POD_CONTAINER,
		.runtime = n->state.runtime,
		.pod_uid = e->pod_uid,
		.pod_namespace = e->pod_namespace,
		.pod_name = e->pod,
		.name = e->container,
		.workload = e->workload,
		.attempt_known = e->attempt_known,
		.attempt = e->attempt,
	};

	sample_name(r, &s);
	agent_count(agent_names_given_total, 1);
}

/* Docker's and Podman's containers may be renamed while they run. */
static void rename_rows(struct names *n, struct sample_row *const *row, size_t rows)
{
	for (size_t i = 0; i < rows; i++) {
		const struct known *k =
			row[i]->named && is_of(n, row[i]) ? strmap_get(n->known, row[i]->container_id) : NULL;

		if (k && strcmp(row[i]->name, k->entry.container) != 0)
			name_row(row[i], n, &k->entry);
	}
	n->renamed = false;
}

void names_apply(struct names *n, struct sample *s, clock_boot_t now)
{
	size_t rows;
	struct sample_row *const *row = sample_rows(s, &rows);
	bool ask = false;

	if (n->renamed)
		rename_rows(n, row, rows);
	n->unnamed = 0;
	for (size_t i = 0; i < rows; i++) {
		const struct known *k;

		if (!may_be_named(n, row[i]))
			continue;
		k = strmap_get(n->known, row[i]->container_id);
		if (k) {
			name_row(row[i], n, &k->entry);
			continue;
		}
		n->unnamed++;
		ask = ask || has_come_of_age(row[i], n->asked, now);
	}
	n->asked = now;
	if (ask && n->fd >= 0)
		(void)send(n->fd, &(char){NAMES_ASK}, 1, MSG_DONTWAIT | MSG_NOSIGNAL); /* full: it knows */
}

/* Life */

static struct names *names_new(enum names_kind kind, const char *address, bool wanted)
{
	struct names *n = mem_new(struct names);

	n->magic = NAMES_MAGIC;
	n->kind = kind;
	n->fd = -1;
	n->address = address;
	n->wanted = wanted;
	n->known = strmap_new();
	return n;
}

struct names *names_start(enum names_kind kind, const char *option, const struct user *u)
{
	struct names *n = names_new(kind, door_of(kind, option), strcmp(option, DOOR_NONE) != 0);
	const struct asker_options o = {.kind = kind, .address = n->address, .user = u};
	struct err e;

	if (!n->address)
		return n;
	signal(SIGCHLD, SIG_IGN); /* nobody waits for the helper, and waiting will not be allowed */
	if (asker_fork(&o, &n->fd, &e) < 0) {
		log_err(LOG_WARN, &e, "containers go by their ids");
		n->lost = true;
	}
	return n;
}

struct names *names_from(enum names_kind kind, int fd, const char *address)
{
	struct names *n = names_new(kind, address, true);

	n->fd = fd;
	return n;
}

void names_listen(struct names *n, struct loop *l)
{
	if (n->fd >= 0)
		n->watch = loop_fd_new(l, n->fd, LOOP_READ, hear, n);
}

struct names *names_free(struct names *n)
{
	const char *id;
	void *value;
	size_t at = 0;

	if (!n)
		return NULL;
	loop_fd_close(n->watch);
	if (n->fd >= 0)
		close(n->fd);
	while (strmap_next(n->known, &at, &id, &value))
		free(value);
	strmap_free(n->known);
	n->magic = 0;
	free(n);
	return NULL;
}
