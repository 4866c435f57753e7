/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "ctl/checkup.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/machine.h"
#include "ctl/method.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/tls.h"
#include "ctl/tree.h"
#include "pki/pki.h"

#define SOON_DAYS 14 /* time for a person to renew a certificate */

/* Where the machine's own paths begin: "" is /. */
static const char *root_of(const struct session *s)
{
	return strcmp(s->o->root, "/") == 0 ? "" : s->o->root;
}

/* Daemons */

static enum checkup_level level_of(const char *word)
{
	if (strcmp(word, "ok") == 0)
		return CHECKUP_OK;
	return strcmp(word, "warn") == 0 ? CHECKUP_WARN : CHECKUP_FAIL;
}

static void add_notices(const char *id, const Plimsoll__V1__StatusResponse *a, struct checkup *to)
{
	for (size_t i = 0; i < a->n_notice; i++) {
		const Plimsoll__V1__Notice *n = a->notice[i];
		scoped(buf_done) struct buf text = {0}, fix = {0};

		if (level_of(n->level) == CHECKUP_OK)
			continue; /* its own examination, as above */
		text_safe(n->text, &text);
		text_safe(n->fix, &fix);
		checkup_add(to, id, level_of(n->level), buf_text(&fix), "says: %s",
			    buf_text(&text));
	}
}

static void add_answer(const char *id, const Plimsoll__V1__StatusResponse *a, struct checkup *to)
{
	scoped(buf_done) struct buf who = {0};

	text_safe(a->program, &who);
	buf_printf(&who, " ");
	text_safe(a->version, &who);
	checkup_add(to, id, CHECKUP_OK, NULL, "%s answers, up %s", buf_text(&who),
		    figure_duration(a->uptime_ns).text);
	add_notices(id, a, to);
}

/* One daemon that ought to answer. */
static void ask(const struct session *s, const char *id, const char *address, struct checkup *to)
{
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m = NULL;
	struct err e;
	int r = connect_open(s->o, address, &c, &e);

	if (r == 0)
		r = connect_status(c, &m, &e);
	if (r < 0)
		checkup_add(to, id, CHECKUP_FAIL, e.fix, "%s: %s", e.what,
			    *e.cause ? e.cause : strerror(-e.code));
	else
		add_answer(id, (const void *)rpc_msg_get(m), to);
	rpc_msg_release(m);
}

static void local(const struct session *s, const char *id, const char *socket, const char *program,
		  struct checkup *to)
{
	scoped(freep) char *path = mem_printf("%s%s", root_of(s), socket);
	scoped(freep) char *fix = mem_printf("start %s here if one should run", program);

	if (access(path, F_OK) == 0)
		ask(s, id, path, to);
	else if (errno == EACCES)
		checkup_add(to, id, CHECKUP_WARN, "run plimsoll as root", "%s: %s", path,
			    strerror(errno));
	else
		checkup_add(to, id, CHECKUP_WARN, fix, "none on this machine: %s is not there",
			    path);
}

static void daemons(const struct session *s, struct checkup *to)
{
	if (*s->o->server) {
		ask(s, "server", s->o->server, to);
		return;
	}
	local(s, "agent", CONNECT_AGENT, "plimsoll-agent", to);
	local(s, "aggregator", CONNECT_AGGREGATOR, "plimsoll-aggregator", to);
}

/* Certificates */

static void certificate(const char *id, const char *cert, const char *key, const char *ca,
			struct checkup *to)
{
	int64_t days = 0;
	struct err e;
	int r = pki_check(cert, key, ca, &days, &e);

	if (r == -EACCES)
		checkup_add(to, id, CHECKUP_WARN, "run plimsoll as root", "%s: %s", e.what,
			    e.cause);
	else if (r < 0)
		checkup_add(to, id, CHECKUP_FAIL, e.fix, "%s: %s", e.what,
			    *e.cause ? e.cause : strerror(-e.code));
	else if (days < SOON_DAYS)
		checkup_add(to, id, CHECKUP_WARN,
			    "renew it; with --tls-dir a restart of the daemon does",
			    "%s ends in %" PRId64 " days", cert, days);
	else
		checkup_add(to, id, CHECKUP_OK, NULL, "%s is good for %" PRId64 " days", cert,
			    days);
}

static void certificates(const struct session *s, struct checkup *to)
{
	static const char *const names[] = {"ctl", "agent", "aggregator"};
	scoped(freep) char *dir = mem_printf("%s%s", root_of(s), s->o->tls_dir);
	scoped(freep) char *ca = mem_printf("%s/ca.crt", dir);
	size_t before = to->n;

	if (*s->o->tls_cert) {
		certificate("certificate", s->o->tls_cert, s->o->tls_key, s->o->tls_ca, to);
		return;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		scoped(freep) char *cert = mem_printf("%s/%s.crt", dir, names[i]);
		scoped(freep) char *key = mem_printf("%s/%s.key", dir, names[i]);

		if (access(cert, F_OK) == 0)
			certificate("certificate", cert, key, ca, to);
	}
	if (to->n > before)
		return;
	if (access(dir, R_OK | X_OK) < 0 && errno == EACCES)
		checkup_add(to, "certificate", CHECKUP_WARN, "run plimsoll as root", "%s: %s", dir,
			    strerror(errno));
	else
		checkup_add(to, "certificate", CHECKUP_OK, NULL,
			    "none in %s yet: a daemon that listens on the network makes them", dir);
}

/* Forms */

static enum paint paint_of(enum checkup_level l)
{
	return l == CHECKUP_OK ? PAINT_GOOD : l == CHECKUP_WARN ? PAINT_WARN : PAINT_BAD;
}

static size_t count(const struct checkup *c, enum checkup_level l)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += c->line[i].level == l;
	return n;
}

static void print_line(const struct session *s, const struct checkup_line *l)
{
	const char *word = checkup_word(l->level);
	scoped(buf_done) struct buf text = {0};

	buf_printf(&text, "%-4s  %-12s  %s\n", word, l->id, l->text);
	if (*l->fix)
		buf_printf(&text, "%20sfix: %s\n", "", l->fix);
	terminal_print_painted(buf_text(&text), strlen(word), &s->style, paint_of(l->level), stdout);
}

static void print_lines(const struct session *s, const struct checkup *c)
{
	size_t warnings = count(c, CHECKUP_WARN), failures = count(c, CHECKUP_FAIL);

	for (size_t i = 0; i < c->n; i++)
		print_line(s, &c->line[i]);
	if (s->o->no_headers)
		return;
	printf("\n%zu ok, %zu warning%s, %zu failure%s\n", count(c, CHECKUP_OK), warnings,
	       warnings == 1 ? "" : "s", failures, failures == 1 ? "" : "s");
}

static void print_tree(const struct session *s, const struct checkup *c)
{
	json_t *items = json_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct checkup_line *l = &c->line[i];

		json_array_append_new(
			items, json_pack("{s:s, s:s, s:o, s:o}", "id", l->id, "level",
					 checkup_word(l->level), "text", tree_string(l->text),
					 "fix", tree_text(l->fix)));
	}
	scoped(tree_freep) json_t *list = tree_list("CheckupList", items);
	tree_print(list, command_is(s, "yaml"), false, stdout);
}

int doctor_run(const struct session *s)
{
	scoped(freep) struct checkup *c = mem_new(struct checkup);

	machine_examine(s->o->root, c);
	certificates(s, c);
	daemons(s, c);
	if (command_is(s, "json") || command_is(s, "yaml"))
		print_tree(s, c);
	else if (command_is(s, "name"))
		for (size_t i = 0; i < c->n; i++)
			printf("check/%s\n", c->line[i].id);
	else
		print_lines(s, c);
	if (command_flush() != COMMAND_FINE)
		return COMMAND_FAILED;
	return count(c, CHECKUP_FAIL) ? COMMAND_FAILED : COMMAND_FINE;
}
