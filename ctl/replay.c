/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aggregator/hpa_record.h"
#include "aggregator/record.h"
#include "base/mem.h"
#include "base/scope.h"
#include "ctl/explain.h"
#include "ctl/text.h"
#include "ctl/tree.h"

#define RECORD_MIB	 64 /* of RECORD_REPLICAS replicas */
#define RECORD_BYTES_MAX ((size_t)RECORD_MIB << 20)

struct replay {
	bool same;
	char policy[POLICY_NAME];
	uint32_t from, to; /* as it was recorded */
	const char *reason;
	uint32_t from_now, to_now, lacks_now; /* `lacks`: what the fleet's budget took off */
	const char *reason_now;
};

static int unreadable(const char *path, int code, struct err *e)
{
	err_set(e, code, "cannot read the record %.150s", path);
	if (code == -E2BIG)
		err_cause(e, "it is larger than %d MiB", RECORD_MIB);
	if (code == -EISDIR)
		return err_fix(e, "name a file in it; for a workload of that name give the id of its decision: plimsoll decisions %.80s",
			       path);
	return code;
}

static int read_file(const char *path, struct buf *to, struct err *e)
{
	scoped(closep) int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
	int r = fd < 0 ? -errno : buf_read(to, fd, RECORD_BYTES_MAX);

	return r < 0 ? unreadable(path, r, e) : 0;
}

/* A record, or what explain -o json prints around one. */
static int take_record(const char *path, const char *text, char **ret, struct err *e)
{
	json_error_t why;
	scoped(tree_freep) json_t *o = json_loads(text, JSON_REJECT_DUPLICATES, &why);
	const json_t *inner = json_object_get(o, "record");

	if (!o) {
		err_set(e, -EBADMSG, "%.150s is no JSON", path);
		return err_cause(e, "line %d, column %d: %s", why.line, why.column, why.text);
	}
	*ret = json_dumps(json_is_object(inner) ? inner : o, JSON_COMPACT);
	return *ret ? 0 : err_set(e, -ENOMEM, "no memory for %.150s", path);
}

static int find_record(const struct session *s, char **ret, struct err *e)
{
	scoped(buf_done) struct buf text = {0};
	const char *word = s->words[0];
	int r;

	if (strcmp(word, "-") != 0 && access(word, F_OK) < 0)
		return explain_record(s, word, ret, e);
	r = read_file(word, &text, e);
	return r < 0 ? r : take_record(word, buf_text(&text), ret, e);
}

static void tell(const struct verdict *then, const struct verdict *now, struct replay *ret)
{
	ret->from = then->from;
	ret->to = then->to;
	ret->reason = verdict_word(then->reason);
	ret->from_now = now->from;
	ret->to_now = now->to;
	ret->lacks_now = now->lacks;
	ret->reason_now = verdict_word(now->reason);
}

/* The verdicts are compared as the texts that records keep. */
static int replay_policy(const char *json, struct replay *ret, struct err *e)
{
	scoped(record_freep) struct record *r = NULL;
	scoped(freep) char *then = NULL, *now = NULL;
	struct verdict again;
	int code = record_parse(json, &r, e);

	if (code < 0)
		return code;
	ret->same = record_replay(r, &again);
	then = record_json(&r->policy, &r->view, r->current, &r->state, &r->verdict);
	now = record_json(&r->policy, &r->view, r->current, &r->state, &again);
	ret->same = ret->same && then && now && !strcmp(then, now);
	memcpy(ret->policy, r->policy.name, sizeof(ret->policy));
	tell(&r->verdict, &again, ret);
	return 0;
}

static int replay_hpa(const char *json, struct replay *ret, struct err *e)
{
	scoped(hpa_record_freep) struct hpa_record *r = NULL;
	struct verdict again;
	int code = hpa_record_parse(json, &r, e);

	if (code < 0)
		return code;
	ret->same = hpa_record_replay(r);
	hpa_control_verdict(r->control, &r->view, &again);
	memcpy(ret->policy, r->policy.name, sizeof(ret->policy));
	tell(&r->verdict, &again, ret);
	return 0;
}

static void print_tree(const struct session *s, const struct replay *r)
{
	scoped(tree_freep) json_t *o = tree_object("Replay");

	json_object_set_new(o, "policy", tree_string(r->policy));
	json_object_set_new(o, "same", json_boolean(r->same));
	json_object_set_new(o, "from", json_integer(r->from_now));
	json_object_set_new(o, "to", json_integer(r->to_now));
	json_object_set_new(o, "lacks", json_integer(r->lacks_now));
	json_object_set_new(o, "reason", tree_string(r->reason_now));
	tree_print(o, command_is(s, "yaml"), false, stdout);
}

static void print(const struct session *s, const struct replay *r)
{
	scoped(buf_done) struct buf name = {0};

	if (command_is(s, "json") || command_is(s, "yaml")) {
		print_tree(s, r);
		return;
	}
	text_safe(r->policy, &name);
	if (r->same)
		printf("%s %u -> %u (%s): the recorded inputs give the same again, byte for byte", buf_text(&name),
		       r->from, r->to, r->reason);
	else
		printf("%s: recorded %u -> %u (%s), now %u -> %u (%s): this version decides otherwise", buf_text(&name),
		       r->from, r->to, r->reason, r->from_now, r->to_now, r->reason_now);
	if (r->lacks_now)
		printf("; %u were wanted, the fleet's budget cut it", r->to_now + r->lacks_now);
	printf("\n");
}

int replay_run(const struct session *s)
{
	scoped(freep) char *record = NULL;
	struct replay r = {0};
	struct err e;
	int code = find_record(s, &record, &e);

	if (code == 0)
		code = hpa_record_is(record) ? replay_hpa(record, &r, &e) : replay_policy(record, &r, &e);
	if (code < 0)
		return command_fail(&e);
	print(s, &r);
	return r.same ? COMMAND_FINE : COMMAND_FAILED;
}
