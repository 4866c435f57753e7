/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_read.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "decide/quantity_parse.h"

#define API_VERSION "plimsoll.io/v1alpha1"
#define KIND	    "ScalingPolicy"

#define MOST_REPLICAS	       10000
#define MOST_CPU_MILLI	       10000000 /* 10,000 cores */
#define DEFAULT_TOLERANCE      100      /* permille; HorizontalPodAutoscaler's 0.1 */
#define DEFAULT_DOWN_S	       300      /* HorizontalPodAutoscaler's default */
#define DEFAULT_WINDOW_S       3

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

struct reader {
	const struct yaml_doc *doc;
	struct err *e;
};

static int complain(const struct reader *r, const struct yaml_node *at, const char *what,
		    const char *cause)
{
	yaml_err(r->doc, at, r->e, -EINVAL, "%s", what);
	return err_cause(r->e, "%s", cause);
}

static int no_value(const struct reader *r, const struct yaml_node *at, const char *key,
		    const char *cause)
{
	yaml_err(r->doc, at, r->e, -EINVAL, "%s: %.40s is no value for it", key, at->text);
	return err_cause(r->e, "%s", cause);
}

/* The mapping `key` of `in` with none but these keys; *ret NULL when it is absent. */
static int get_mapping(const struct reader *r, const struct yaml_node *in, const char *key,
		       const char *const *names, size_t n, const struct yaml_node **ret)
{
	*ret = in ? yaml_get(in, key) : NULL;
	return *ret ? yaml_known(r->doc, *ret, names, n, r->e) : 0;
}

static int get_text(const struct reader *r, const struct yaml_node *in, const char *key,
		    const struct yaml_node **ret)
{
	*ret = in ? yaml_get(in, key) : NULL;
	if (!*ret || ((*ret)->kind == YAML_SCALAR && *(*ret)->text))
		return 0;
	yaml_err(r->doc, *ret, r->e, -EINVAL, "%s has no value", key);
	return err_cause(r->e, "one word or text is expected here");
}

static int need_text(const struct reader *r, const struct yaml_node *in, const char *key,
		     const struct yaml_node **ret)
{
	int code = get_text(r, in, key, ret);

	if (code < 0 || *ret)
		return code;
	yaml_err(r->doc, in, r->e, -EINVAL, "%s is missing", key);
	return err_cause(r->e, "a " KIND " needs it");
}

/* Absent: *ret stays. */
static int get_integer(const struct reader *r, const struct yaml_node *in, const char *key,
		       uint64_t least, uint64_t most, uint64_t *ret)
{
	const struct yaml_node *n;
	char *end;
	int code = get_text(r, in, key, &n);
	unsigned long long value;

	if (code < 0 || !n)
		return code;
	errno = 0;
	value = strtoull(n->text, &end, 10);
	if (!isdigit((unsigned char)*n->text) || *end || errno || value < least || value > most) {
		yaml_err(r->doc, n, r->e, -EINVAL, "%s: %.40s is no value for it", key, n->text);
		return err_cause(r->e, "it is a whole number from %llu to %llu",
				 (unsigned long long)least, (unsigned long long)most);
	}
	*ret = value;
	return 0;
}

static int get_seconds(const struct reader *r, const struct yaml_node *in, const char *key,
		       uint64_t least_s, uint64_t most_s, uint64_t *ret_ns)
{
	uint64_t s = *ret_ns / CLOCK_NS_PER_S;
	int code = get_integer(r, in, key, least_s, most_s, &s);

	*ret_ns = s * CLOCK_NS_PER_S;
	return code;
}

/* A quantity in thousandths: "0.25", "250m" and "25e-2" are 250. False: it is none, or finer or larger than
 * thousandths hold. */
static bool parse_milli(const char *text, int64_t *ret)
{
	struct quantity q, exact;

	if (quantity_parse(text, strlen(text), &q) < 0)
		return false;
	exact = quantity_of_milli(quantity_milli(&q), q.format);
	*ret = exact.value;
	return quantity_compare(&q, &exact) == 0;
}

static int read_tolerance(const struct reader *r, const struct yaml_node *spec, struct policy *p)
{
	const struct yaml_node *n;
	int64_t permille;
	int code = get_text(r, spec, "tolerance", &n);

	if (code < 0 || !n)
		return code;
	if (!parse_milli(n->text, &permille) || permille < 0 || permille > 1000)
		return no_value(r, n, "tolerance",
				"it is a share from 0 to 1, such as 0.1, no finer than 0.001");
	p->tolerance_permille = (uint32_t)permille;
	return 0;
}

static int read_cpu_request(const struct reader *r, const struct yaml_node *target, struct policy *p)
{
	const struct yaml_node *n;
	int64_t milli;
	int code = get_text(r, target, "cpuRequest", &n);

	if (code < 0 || !n)
		return code;
	if (!parse_milli(n->text, &milli) || milli < 1 || milli > MOST_CPU_MILLI)
		return no_value(r, n, "cpuRequest",
				"it is a quantity of CPU from 1m to 10000, such as 250m, 0.5 or 2");
	p->cpu_request_milli = (uint64_t)milli;
	return 0;
}

/* Replicas by the paths of their cgroups, or by their names. */
static int read_selector(const struct reader *r, const struct yaml_node *target, struct manifest *m)
{
	const struct yaml_node *path, *name;
	int code = get_text(r, target, "name", &name);

	if (code == 0)
		code = name ? get_text(r, target, "cgroup", &path) : need_text(r, target, "cgroup", &path);
	if (code < 0)
		return code;
	if (path && name)
		return complain(r, name, "name and cgroup are both given", "one of them says which are the replicas");
	if (path && *path->text != '/')
		return complain(r, path, "cgroup does not start with /",
				"it is matched against paths below the cgroup root");
	if (name && *name->text == '/')
		return complain(r, name, "name starts with /", "it is matched against NAMESPACE/POD/CONTAINER");
	m->cgroup = mem_strdup((path ? path : name)->text);
	return 0;
}

static int read_target(const struct reader *r, const struct yaml_node *spec, struct manifest *m)
{
	static const char *const names[] = {"cgroup", "name", "cpuRequest"};
	const struct yaml_node *target;
	int code = get_mapping(r, spec, "target", names, COUNT(names), &target);

	if (code < 0)
		return code;
	if (!target)
		return complain(r, spec, "target is missing", "it says which cgroups are the replicas");
	code = read_selector(r, target, m);
	return code < 0 ? code : read_cpu_request(r, target, &m->policy);
}

static int read_replicas(const struct reader *r, const struct yaml_node *spec, struct policy *p)
{
	uint64_t least = 1, most = 0;
	int code = get_integer(r, spec, "minReplicas", 1, MOST_REPLICAS, &least);

	if (code == 0)
		code = get_integer(r, spec, "maxReplicas", 1, MOST_REPLICAS, &most);
	if (code < 0)
		return code;
	if (!most)
		return complain(r, spec, "maxReplicas is missing", "growth needs a bound");
	if (least > most)
		return complain(r, yaml_get(spec, "minReplicas"), "minReplicas is above maxReplicas",
				"no number of replicas satisfies both");
	p->min_replicas = (uint32_t)least;
	p->max_replicas = (uint32_t)most;
	return 0;
}

/* Metrics */

struct metric_form { /* how one kind of metric is written */
	const char *type, *key, *name;
	enum policy_metric_kind kind;
	uint64_t most; /* percent */
};

static const struct metric_form forms[] = {
	{"Resource", "resource", "cpu", POLICY_CPU, 1000},
	{"Saturation", "saturation", "cpu-runqueue", POLICY_RUNQ, 99},
};

static int find_form(const struct reader *r, const struct yaml_node *item,
		     const struct metric_form **ret)
{
	const char *types[COUNT(forms)];
	const struct yaml_node *type;
	const char *nearest;
	int code = need_text(r, item, "type", &type);

	if (code < 0)
		return code;
	for (size_t i = 0; i < COUNT(forms); i++) {
		types[i] = forms[i].type;
		*ret = &forms[i];
		if (!strcmp(type->text, forms[i].type))
			return 0;
	}
	nearest = err_nearest(type->text, types, COUNT(forms));
	yaml_err(r->doc, type, r->e, -EINVAL, "there is no metric of type %.40s", type->text);
	err_cause(r->e, "this version knows Resource and Saturation");
	return nearest ? err_fix(r->e, "did you mean %s?", nearest) : -EINVAL;
}

static int read_target_percent(const struct reader *r, const struct yaml_node *source,
			       const struct metric_form *f, struct policy_metric *m)
{
	static const char *const names[] = {"type", "averageUtilization"};
	const struct yaml_node *target, *type = NULL;
	uint64_t percent = 0;
	int code = get_mapping(r, source, "target", names, COUNT(names), &target);

	if (code == 0)
		code = get_text(r, target, "type", &type);
	if (code < 0)
		return code;
	if (target && type && strcmp(type->text, "Utilization") != 0)
		return complain(r, type, "this target type is not understood", "it is Utilization");
	code = get_integer(r, target, "averageUtilization", 1, f->most, &percent);
	if (code < 0)
		return code;
	if (!percent)
		return complain(r, source, "target.averageUtilization is missing",
				"a metric needs a target, in percent");
	*m = (struct policy_metric){.kind = f->kind, .target_percent = (uint32_t)percent};
	return 0;
}

static int read_metric(const struct reader *r, const struct yaml_node *item, struct policy_metric *m)
{
	static const char *const source_names[] = {"name", "target"};
	const struct metric_form *f = NULL;
	const struct yaml_node *source = NULL, *name;
	int code = find_form(r, item, &f);

	if (code < 0)
		return code;
	code = yaml_known(r->doc, item, (const char *const[]){"type", f->key}, 2, r->e);
	if (code == 0)
		code = get_mapping(r, item, f->key, source_names, COUNT(source_names), &source);
	if (code < 0)
		return code;
	if (!source)
		return complain(r, item, "the metric itself is missing",
				"type: Resource goes with resource:, type: Saturation with saturation:");
	code = need_text(r, source, "name", &name);
	if (code < 0)
		return code;
	if (strcmp(name->text, f->name) != 0) {
		yaml_err(r->doc, name, r->e, -EINVAL, "%s %.40s is not known", f->key, name->text);
		return err_cause(r->e, "this version knows %s", f->name);
	}
	return read_target_percent(r, source, f, m);
}

static int read_metrics(const struct reader *r, const struct yaml_node *spec, struct policy *p)
{
	const struct yaml_node *list = yaml_get(spec, "metrics");
	int code;

	if (!list || list->kind != YAML_SEQUENCE || !list->child)
		return complain(r, list ? list : spec, "metrics is missing or no list",
				"without a metric there is nothing to decide on");
	for (const struct yaml_node *item = list->child; item; item = item->next) {
		if (p->n_metrics == POLICY_METRICS)
			return complain(r, item, "too many metrics", "8 are the most");
		code = read_metric(r, item, &p->metric[p->n_metrics]);
		if (code < 0)
			return code;
		if (p->metric[p->n_metrics++].kind == POLICY_CPU && !p->cpu_request_milli)
			return complain(r, item, "target.cpuRequest is missing",
					"CPU utilization is a share of it");
	}
	return 0;
}

/* The rest */

static int read_behavior(const struct reader *r, const struct yaml_node *spec, struct policy *p)
{
	static const char *const names[] = {"scaleUp", "scaleDown"};
	static const char *const rules[] = {"stabilizationWindowSeconds"};
	const struct yaml_node *behavior, *up, *down;
	int code = get_mapping(r, spec, "behavior", names, COUNT(names), &behavior);

	if (code == 0)
		code = get_mapping(r, behavior, "scaleUp", rules, 1, &up);
	if (code == 0)
		code = get_mapping(r, behavior, "scaleDown", rules, 1, &down);
	if (code == 0)
		code = get_seconds(r, up, rules[0], 0, 3600, &p->up_stabilization_ns);
	if (code == 0)
		code = get_seconds(r, down, rules[0], 0, 3600, &p->down_stabilization_ns);
	return code;
}

static int read_mode(const struct reader *r, const struct yaml_node *spec, struct policy *p)
{
	const struct yaml_node *n;
	int code = get_text(r, spec, "mode", &n);

	if (code < 0 || !n)
		return code;
	p->enforce = !strcmp(n->text, "Enforce");
	if (p->enforce || !strcmp(n->text, "Observe"))
		return 0;
	return complain(r, n, "this mode is not known", "it is Enforce or Observe");
}

int manifest_read_words(const struct yaml_doc *doc, const struct yaml_node *at, const struct yaml_node *list,
			struct manifest *m, struct err *e)
{
	const struct reader *r = &(struct reader){doc, e};
	size_t n = 0;

	if (!list || list->kind != YAML_SEQUENCE || !list->child)
		return complain(r, at, "command is missing or no list",
				"it is a list of words, [/path/to/hook, argument], and no shell reads it");
	m->command = mem_array(NULL, MANIFEST_COMMAND_WORDS + 1, sizeof(char *));
	memset(m->command, 0, (MANIFEST_COMMAND_WORDS + 1) * sizeof(char *));
	for (const struct yaml_node *word = list->child; word; word = word->next) {
		const struct yaml_node *here = at == list ? word : at;

		if (word->kind != YAML_SCALAR)
			return complain(r, here, "a word of the command is no text", "each entry is one argument");
		if (n == MANIFEST_COMMAND_WORDS)
			return complain(r, here, "the command is too long", "64 words are the most");
		m->command[n++] = mem_strdup(word->text);
	}
	return 0;
}

static int read_command(const struct reader *r, const struct yaml_node *exec, struct manifest *m)
{
	const struct yaml_node *list = yaml_get(exec, "command");

	return manifest_read_words(r->doc, list ? list : exec, list, m, r->e);
}

static int read_actuator(const struct reader *r, const struct yaml_node *spec, struct manifest *m)
{
	static const char *const names[] = {"exec", "none"};
	static const char *const exec_names[] = {"command", "timeoutSeconds"};
	const struct yaml_node *actuator, *exec;
	int code = get_mapping(r, spec, "actuator", names, COUNT(names), &actuator);

	if (code < 0)
		return code;
	if (m->policy.enforce && (!actuator || !actuator->child))
		return complain(r, actuator ? actuator : spec, "actuator is missing",
				"mode Enforce needs one: exec with a command, or none");
	if (actuator && yaml_get(actuator, "exec") && yaml_get(actuator, "none"))
		return complain(r, actuator, "two actuators", "a policy has one: exec or none");
	code = get_mapping(r, actuator, "exec", exec_names, COUNT(exec_names), &exec);
	if (code < 0 || !exec)
		return code;
	code = read_command(r, exec, m);
	m->timeout_ns = MANIFEST_EXEC_TIMEOUT_S * CLOCK_NS_PER_S;
	return code < 0 ? code : get_seconds(r, exec, "timeoutSeconds", 1, 600, &m->timeout_ns);
}

static int read_spec(const struct reader *r, const struct yaml_node *root, struct manifest *m)
{
	static const char *const names[] = {"mode", "target", "minReplicas", "maxReplicas", "metrics",
					    "behavior", "tolerance", "windowSeconds", "actuator"};
	const struct yaml_node *spec;
	int code = get_mapping(r, root, "spec", names, COUNT(names), &spec);

	if (code < 0)
		return code;
	if (!spec)
		return complain(r, root, "spec is missing", "it is the policy itself");
	code = read_mode(r, spec, &m->policy);
	if (code == 0)
		code = read_target(r, spec, m);
	if (code == 0)
		code = read_replicas(r, spec, &m->policy);
	if (code == 0)
		code = read_metrics(r, spec, &m->policy);
	if (code == 0)
		code = read_behavior(r, spec, &m->policy);
	if (code == 0)
		code = read_tolerance(r, spec, &m->policy);
	if (code == 0)
		code = get_seconds(r, spec, "windowSeconds", 1, 60, &m->policy.window_ns);
	return code < 0 ? code : read_actuator(r, spec, m);
}

static int read_name(const struct reader *r, const struct yaml_node *root, struct manifest *m)
{
	static const char *const names[] = {"name"};
	const struct yaml_node *metadata, *name;
	int code = get_mapping(r, root, "metadata", names, COUNT(names), &metadata);

	if (code < 0)
		return code;
	if (!metadata)
		return complain(r, root, "metadata is missing", "a policy needs a name");
	code = need_text(r, metadata, "name", &name);
	if (code < 0)
		return code;
	if (strlen(name->text) >= sizeof(m->policy.name))
		return complain(r, name, "the name is too long", "63 bytes are the most");
	for (const char *c = name->text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._/", *c))
			return complain(r, name, "the name has a character it must not have",
					"letters, digits and - . _ / make a name");
	memcpy(m->policy.name, name->text, strlen(name->text) + 1);
	m->where = mem_printf("%s:%u:%u", r->doc->file, name->line, name->column);
	return 0;
}

static int need_word(const struct reader *r, const struct yaml_node *root, const char *key,
		     const char *word)
{
	const struct yaml_node *n;
	int code = need_text(r, root, key, &n);

	if (code < 0 || !strcmp(n->text, word))
		return code;
	yaml_err(r->doc, n, r->e, -EINVAL, "%s is %.60s", key, n->text);
	return err_cause(r->e, "this version reads %s", word);
}

int manifest_read(const struct yaml_doc *doc, struct manifest *m, struct err *e)
{
	const struct reader *r = &(struct reader){doc, e};
	static const char *const names[] = {"apiVersion", "kind", "metadata", "spec"};
	const struct yaml_node *root = doc->root;
	int code = yaml_known(doc, root, names, COUNT(names), e);

	m->policy = (struct policy){.tolerance_permille = DEFAULT_TOLERANCE,
				    .window_ns = DEFAULT_WINDOW_S * CLOCK_NS_PER_S,
				    .down_stabilization_ns = DEFAULT_DOWN_S * CLOCK_NS_PER_S,
				    .fresh_ns = MANIFEST_FRESH_NS,
				    .up_period_ns = MANIFEST_UP_PERIOD_NS,
				    .down_period_ns = MANIFEST_DOWN_PERIOD_NS,
				    .down_permille = MANIFEST_DOWN_PERMILLE,
				    .young_ns = MANIFEST_YOUNG_NS,
				    .min_coverage_permille = MANIFEST_COVERAGE_PERMILLE};
	if (code == 0)
		code = need_word(r, root, "apiVersion", API_VERSION);
	if (code == 0)
		code = need_word(r, root, "kind", KIND);
	if (code == 0)
		code = read_name(r, root, m);
	return code < 0 ? code : read_spec(r, root, m);
}
