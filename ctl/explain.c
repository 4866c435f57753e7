/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/record.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/method.h"
#include "ctl/terminal.h"
#include "ctl/text.h"
#include "ctl/tree.h"

static bool is_hold(const char *id)
{
	return strncmp(id, RECORD_HOLD, strlen(RECORD_HOLD)) == 0;
}

static bool is_id(const char *word)
{
	return is_hold(word) || (strncmp(word, "d-", 2) == 0 && word[2] &&
	       word[2 + strspn(word + 2, "0123456789")] == '\0');
}

/* The id of a workload's newest decision. */
static int newest_of(struct connect *c, char *workload, char **ret_id, struct err *e)
{
	Plimsoll__V1__ListDecisionsRequest q = PLIMSOLL__V1__LIST_DECISIONS_REQUEST__INIT;
	struct rpc_msg *m = NULL;
	int r;

	q.workload = &workload;
	q.n_workload = 1;
	q.limit = 1;
	r = connect_ask(c, &method_list_decisions, &q.base, &m, e);
	if (r < 0)
		return r;
	const Plimsoll__V1__ListDecisionsResponse *l = (const void *)rpc_msg_get(m);
	if (l->n_decision) {
		*ret_id = mem_strdup(l->decision[0]->id);
	} else {
		r = err_set(e, -ENOENT, "\"%.80s\" has no decision", workload);
		err_cause(e, "it is neither an id such as d-12 or hold/NAME nor a workload with a decision");
		err_fix(e, "plimsoll decisions lists all of them; what keeps a workload from any: plimsoll explain "
			   RECORD_HOLD "NAME");
	}
	rpc_msg_release(m);
	return r;
}

static json_t *tree(const Plimsoll__V1__ExplainResponse *a)
{
	json_t *o = tree_object("Explanation"), *record = json_loads(a->record_json, 0, NULL);

	json_object_set_new(o, "id", a->decision ? tree_string(a->decision->id) : json_null());
	json_object_set_new(o, "text", tree_string(a->text));
	json_object_set_new(o, "record", record ? record : json_null());
	return o;
}

static void print(const struct session *s, const Plimsoll__V1__ExplainResponse *a)
{
	scoped(buf_done) struct buf text = {0};

	if (command_is(s, "json") || command_is(s, "yaml")) {
		scoped(tree_freep) json_t *t = tree(a);

		if (command_is(s, "json"))
			tree_print_exact(t, stdout);
		else
			tree_print(t, true, false, stdout);
		return;
	}
	if (command_is(s, "name")) {
		if (a->decision && !is_hold(a->decision->id))
			buf_printf(&text, "decision/");
		text_safe(a->decision ? a->decision->id : "", &text);
	} else {
		text_safe_lines(a->text, &text);
	}
	terminal_print(buf_text(&text), stdout);
}

static int ask(const struct session *s, const char *word, struct rpc_msg **ret, struct err *e)
{
	Plimsoll__V1__ExplainRequest q = PLIMSOLL__V1__EXPLAIN_REQUEST__INIT;
	scoped(connect_freep) struct connect *c = NULL;
	scoped(freep) char *id = mem_strdup(word);
	int r = connect_open(s->o, NULL, &c, e);

	if (r == 0 && !is_id(word)) {
		scoped(freep) char *workload = take(id);

		r = newest_of(c, workload, &id, e);
	}
	q.id = id;
	return r == 0 ? connect_ask(c, &method_explain, &q.base, ret, e) : r;
}

int explain_record(const struct session *s, const char *word, char **ret, struct err *e)
{
	struct rpc_msg *m = NULL;
	int r = ask(s, word, &m, e);

	if (r < 0)
		return r;
	*ret = mem_strdup(((const Plimsoll__V1__ExplainResponse *)rpc_msg_get(m))->record_json);
	rpc_msg_release(m);
	return 0;
}

int explain_run(const struct session *s)
{
	struct rpc_msg *m = NULL;
	struct err e;

	if (ask(s, s->words[0], &m, &e) < 0)
		return command_fail(&e);
	print(s, (const void *)rpc_msg_get(m));
	rpc_msg_release(m);
	return COMMAND_FINE;
}
