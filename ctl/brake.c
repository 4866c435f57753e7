/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/brake.h"

#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/figure.h"
#include "ctl/method.h"
#include "ctl/text.h"
#include "ctl/tree.h"

/* What is so now, and whether it was before. */
static void print(const struct session *s, bool paused, bool was, uint64_t for_ns)
{
	scoped(buf_done) struct buf name = {0};

	if (command_is(s, "json") || command_is(s, "yaml")) {
		scoped(tree_freep) json_t *o = tree_object("Brake");

		json_object_set_new(o, "workload", tree_string(s->words[0]));
		json_object_set_new(o, "paused", json_boolean(paused));
		json_object_set_new(o, "was_paused", json_boolean(was));
		json_object_set_new(o, "for_seconds", tree_seconds(for_ns != 0, for_ns));
		tree_print(o, command_is(s, "yaml"), false, stdout);
		return;
	}
	text_safe(s->words[0], &name);
	if (command_is(s, "name"))
		printf("workload/%s\n", buf_text(&name));
	else if (!paused)
		printf("%s %s\n", buf_text(&name), was ? "is scaled again" : "was not paused");
	else if (for_ns)
		printf("%s is paused for %s%s\n", buf_text(&name), figure_duration(for_ns).text,
		       was ? " from now" : "");
	else
		printf("%s %s paused until \"plimsoll resume %s\"\n", buf_text(&name),
		       was ? "stays" : "is", buf_text(&name));
}

int brake_pause(const struct session *s)
{
	Plimsoll__V1__PauseRequest q = PLIMSOLL__V1__PAUSE_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m = NULL;
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	q.workload = s->words[0];
	q.for_ns = s->o->pause_for;
	q.why = s->o->why;
	if (r == 0)
		r = connect_ask(c, &method_pause, &q.base, &m, &e);
	if (r < 0)
		return command_fail(&e);
	print(s, true, ((const Plimsoll__V1__PauseResponse *)rpc_msg_get(m))->was_paused, q.for_ns);
	rpc_msg_release(m);
	return COMMAND_FINE;
}

int brake_resume(const struct session *s)
{
	Plimsoll__V1__ResumeRequest q = PLIMSOLL__V1__RESUME_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	struct rpc_msg *m = NULL;
	struct err e;
	int r = connect_open(s->o, NULL, &c, &e);

	q.workload = s->words[0];
	if (r == 0)
		r = connect_ask(c, &method_resume, &q.base, &m, &e);
	if (r < 0)
		return command_fail(&e);
	print(s, false, ((const Plimsoll__V1__ResumeResponse *)rpc_msg_get(m))->was_paused, 0);
	rpc_msg_release(m);
	return COMMAND_FINE;
}
