/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_read.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "aggregator/fields.h"
#include "aggregator/manifest_exec.h"
#include "aggregator/manifest_metric.h"
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

static int read_tolerance(const struct fields *f, const struct yaml_node *spec, struct policy *p)
{
	const struct yaml_node *n;
	int64_t permille;
	int code = fields_text(f, spec, "tolerance", &n);

	if (code < 0 || !n)
		return code;
	if (!parse_milli(n->text, &permille) || permille < 0 || permille > 1000)
		return fields_no_value(f, n, "tolerance", "it is a share from 0 to 1, such as 0.1, no finer than 0.001");
	p->tolerance_permille = (uint32_t)permille;
	return 0;
}

static int read_cpu_request(const struct fields *f, const struct yaml_node *target, struct policy *p)
{
	const struct yaml_node *n;
	int64_t milli;
	int code = fields_text(f, target, "cpuRequest", &n);

	if (code < 0 || !n)
		return code;
	if (!parse_milli(n->text, &milli) || milli < 1 || milli > MOST_CPU_MILLI)
		return fields_no_value(f, n, "cpuRequest",
				       "it is a quantity of CPU from 1m to 10000, such as 250m, 0.5 or 2");
	p->cpu_request_milli = (uint64_t)milli;
	return 0;
}

/* Replicas by the paths of their cgroups, or by their names. */
static int read_selector(const struct fields *f, const struct yaml_node *target, struct manifest *m)
{
	const struct yaml_node *path, *name;
	int code = fields_text(f, target, "name", &name);

	if (code == 0)
		code = name ? fields_text(f, target, "cgroup", &path) : fields_need_text(f, target, "cgroup", &path);
	if (code < 0)
		return code;
	if (path && name)
		return fields_complain(f, name, "name and cgroup are both given", "one of them says which are the replicas");
	if (path && *path->text != '/')
		return fields_complain(f, path, "cgroup does not start with /",
				       "it is matched against paths below the cgroup root");
	if (name && *name->text == '/')
		return fields_complain(f, name, "name starts with /", "it is matched against NAMESPACE/POD/CONTAINER");
	m->cgroup = mem_strdup((path ? path : name)->text);
	return 0;
}

static int read_target(const struct fields *f, const struct yaml_node *spec, struct manifest *m)
{
	const struct yaml_node *target;
	int code = fields_mapping(f, spec, "target", YAML_NAMES("cgroup", "name", "cpuRequest"), &target);

	if (code < 0)
		return code;
	if (!target)
		return fields_complain(f, spec, "target is missing", "it says which cgroups are the replicas");
	code = read_selector(f, target, m);
	return code < 0 ? code : read_cpu_request(f, target, &m->policy);
}

static int read_replicas(const struct fields *f, const struct yaml_node *spec, struct policy *p)
{
	uint64_t least = 1, most = 0;
	int code = fields_integer(f, spec, "minReplicas", 1, MOST_REPLICAS, &least);

	if (code == 0)
		code = fields_integer(f, spec, "maxReplicas", 1, MOST_REPLICAS, &most);
	if (code < 0)
		return code;
	if (!most)
		return fields_complain(f, spec, "maxReplicas is missing", "growth needs a bound");
	if (least > most)
		return fields_complain(f, yaml_get(spec, "minReplicas"), "minReplicas is above maxReplicas",
				       "no number of replicas satisfies both");
	p->min_replicas = (uint32_t)least;
	p->max_replicas = (uint32_t)most;
	return 0;
}

static int read_behavior(const struct fields *f, const struct yaml_node *spec, struct policy *p)
{
	static const char *const rules[] = {"stabilizationWindowSeconds"};
	const struct yaml_node *behavior, *up, *down;
	int code = fields_mapping(f, spec, "behavior", YAML_NAMES("scaleUp", "scaleDown"), &behavior);

	if (code == 0)
		code = fields_mapping(f, behavior, "scaleUp", rules, 1, &up);
	if (code == 0)
		code = fields_mapping(f, behavior, "scaleDown", rules, 1, &down);
	if (code == 0)
		code = fields_seconds(f, up, rules[0], 0, 3600, &p->up_stabilization_ns);
	return code < 0 ? code : fields_seconds(f, down, rules[0], 0, 3600, &p->down_stabilization_ns);
}

static int read_mode(const struct fields *f, const struct yaml_node *spec, struct policy *p)
{
	const char *mode = "Observe";
	int code = fields_word(f, spec, "mode", YAML_NAMES("Enforce", "Observe"), &mode);

	p->enforce = !strcmp(mode, "Enforce");
	return code;
}

static int read_spec(const struct fields *f, const struct yaml_node *root, struct manifest *m)
{
	const struct yaml_node *spec;
	int code = fields_mapping(f, root, "spec",
				  YAML_NAMES("mode", "target", "minReplicas", "maxReplicas", "metrics", "behavior",
					     "tolerance", "windowSeconds", "actuator"),
				  &spec);

	if (code < 0)
		return code;
	if (!spec)
		return fields_complain(f, root, "spec is missing", "it is the policy itself");
	code = read_mode(f, spec, &m->policy);
	if (code == 0)
		code = read_target(f, spec, m);
	if (code == 0)
		code = read_replicas(f, spec, &m->policy);
	if (code == 0)
		code = manifest_metric_read(f, spec, &m->policy);
	if (code == 0)
		code = read_behavior(f, spec, &m->policy);
	if (code == 0)
		code = read_tolerance(f, spec, &m->policy);
	if (code == 0)
		code = fields_seconds(f, spec, "windowSeconds", 1, 60, &m->policy.window_ns);
	return code < 0 ? code : manifest_exec_read(f, spec, m);
}

static int read_name(const struct fields *f, const struct yaml_node *root, struct manifest *m)
{
	const struct yaml_node *metadata, *name;
	int code = fields_mapping(f, root, "metadata", YAML_NAMES("name"), &metadata);

	if (code < 0)
		return code;
	if (!metadata)
		return fields_complain(f, root, "metadata is missing", "a policy needs a name");
	code = fields_need_text(f, metadata, "name", &name);
	if (code < 0)
		return code;
	if (strlen(name->text) >= sizeof(m->policy.name))
		return fields_complain(f, name, "the name is too long", "63 bytes are the most");
	for (const char *c = name->text; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("-._/", *c))
			return fields_complain(f, name, "the name has a character it must not have",
					       "letters, digits and - . _ / make a name");
	memcpy(m->policy.name, name->text, strlen(name->text) + 1);
	m->where = fields_where(f->doc, name);
	return 0;
}

static int need_word(const struct fields *f, const struct yaml_node *root, const char *key, const char *word)
{
	const struct yaml_node *n;
	int code = fields_need_text(f, root, key, &n);

	if (code < 0 || !strcmp(n->text, word))
		return code;
	yaml_err(f->doc, n, f->e, -EINVAL, "%s is %.60s", key, n->text);
	return err_cause(f->e, "this version reads %s", word);
}

int manifest_read(const struct yaml_doc *doc, struct manifest *m, struct err *e)
{
	const struct fields *f = &(struct fields){doc, e};
	const struct yaml_node *root = doc->root;
	int code = yaml_known(doc, root, YAML_NAMES("apiVersion", "kind", "metadata", "spec"), e);

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
		code = need_word(f, root, "apiVersion", API_VERSION);
	if (code == 0)
		code = need_word(f, root, "kind", KIND);
	if (code == 0)
		code = read_name(f, root, m);
	return code < 0 ? code : read_spec(f, root, m);
}
