/* SPDX-License-Identifier: Apache-2.0 */
/* Real files, read again and again with what was in force before. */
#include "aggregator/manifest.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "aggregator/hpa_manifest.h"
#include "aggregator/manifest_workload.h"
#include "aggregator/vpa_document.h"
#include "base/buf.h"
#include "base/mem.h"

static char folder[64];
static struct manifests in_force;

static int begin(void **unused)
{
	(void)unused;
	in_force = (struct manifests){0};
	strcpy(folder, "/tmp/plimsoll-set.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int end(void **unused)
{
	char command[96];

	(void)unused;
	manifests_done(&in_force);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void put(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(const char *file, const char *format, ...)
{
	scoped(freep) char *path = mem_printf("%s/%s", folder, file);
	FILE *f = fopen(path, "we");
	va_list args;

	assert_non_null(f);
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
}

/* As the aggregator does on SIGHUP. */
static void read_again(const char *path)
{
	const struct manifest *item[16];
	const struct vpa_manifest *vpa[16];
	struct manifests old = in_force;
	struct manifests_before before = {item, old.n, vpa, old.n_vpas, old.workload, old.n_workloads};
	char *paths = (char *)(uintptr_t)path;

	for (size_t i = 0; i < old.n; i++)
		item[i] = &old.item[i];
	for (size_t i = 0; i < old.n_vpas; i++)
		vpa[i] = &old.vpa[i];
	manifests_read(&(struct opt_list){&paths, 1}, &before, &in_force);
	manifests_done(&old);
}

/* "NAME=MAX " of each policy in force, then of each fault "| NAME ERRNO" with a "'" when it is kept. */
static void holds(const char *as)
{
	scoped(buf_done) struct buf all = {0};

	read_again(folder);
	for (size_t i = 0; i < in_force.n; i++)
		buf_printf(&all, "%s=%u ", in_force.item[i].policy.name, in_force.item[i].policy.max_replicas);
	for (size_t i = 0; i < in_force.n_faults; i++)
		buf_printf(&all, "| %s%s ", in_force.fault[i].name ? in_force.fault[i].name : "?",
			   in_force.fault[i].kept ? "'" : "");
	assert_string_equal(buf_text(&all), as);
}

static const char *what(size_t fault)
{
	return strrchr(in_force.fault[fault].why.what, '/') + 1;
}

#define POLICY \
	"---\napiVersion: plimsoll.io/v1alpha1\nkind: ScalingPolicy\nmetadata: {name: %s}\n" \
	"spec:\n  target: {name: %s, cpuRequest: 100m}\n  maxReplicas: %s\n" \
	"  metrics: [{type: Resource, resource: {name: cpu, target: {averageUtilization: 60}}}]\n"

static void a_bad_document_is_its_own_matter(void **unused)
{
	(void)unused;
	put("a.yaml", POLICY POLICY, "web", "web", "5", "api", "api", "6");
	put("b.yaml", POLICY, "db", "db", "7");
	holds("web=5 api=6 db=7 ");
	put("a.yaml", POLICY POLICY, "web", "web", "0", "api", "api", "8");
	put("b.yaml", POLICY POLICY, "new", "new", "many", "db", "db", "9");
	holds("web=5 api=8 db=9 | web' | new ");
	assert_string_equal(what(0), "a.yaml:7:16: maxReplicas: 0 is no value for it");
	assert_string_equal(in_force.fault[0].kind, "ScalingPolicy");
	assert_non_null(strstr(in_force.fault[0].where, "a.yaml:4:18"));
	assert_string_equal(in_force.item[0].cgroup, "web");
	assert_non_null(strstr(in_force.item[0].where, "a.yaml:4:18"));
	holds("web=5 api=8 db=9 | web' | new "); /* as long as it takes */
	put("a.yaml", POLICY POLICY, "web", "web", "1", "api", "api", "8");
	holds("web=1 api=8 db=9 | new ");
}

static void what_is_no_yaml_takes_nothing_with_it(void **unused)
{
	(void)unused;
	put("a.yaml", POLICY POLICY POLICY, "web", "web", "5", "api", "api", "6", "db", "db", "7");
	holds("web=5 api=6 db=7 ");
	put("a.yaml", POLICY POLICY POLICY, "web", "web", "15", "[", "api", "6", "db", "db", "17");
	holds("web=15 db=17 api=6 | ? | api' ");
	assert_string_equal(what(0), "a.yaml:12:19: this is no YAML");
	assert_non_null(strstr(what(1), "a.yaml: api is not there any more"));
	put("a.yaml", POLICY POLICY, "web", "web", "15", "db", "db", "17");
	holds("web=15 db=17 ");
}

static void renamed_copied_and_removed(void **unused)
{
	(void)unused;
	put("web.yaml", POLICY, "web", "web", "5");
	holds("web=5 ");
	put("api.yaml", POLICY, "web", "api", "6"); /* a copy that keeps the name */
	holds("web=5 | web ");
	assert_non_null(strstr(what(0), "api.yaml:4:18: the policy web is there already"));
	assert_non_null(strstr(in_force.fault[0].why.cause, "web.yaml:4:18"));
	put("api.yaml", POLICY, "api", "web", "6"); /* one that keeps the replicas */
	holds("web=5 | api ");
	assert_non_null(strstr(what(0), "api.yaml:4:18: the policy api is for the replicas of web"));
	put("api.yaml", POLICY, "api", "api", "6");
	holds("api=6 web=5 ");
	put("web.yaml", POLICY, "web2", "web", "7"); /* renamed */
	holds("api=6 web2=7 ");
	put("web.yaml", POLICY, "web3", "web", "x"); /* renamed, and wrong */
	holds("api=6 web2=7 | web3 | web2' ");
	put("web.yaml", "# gone\n");
	holds("api=6 ");
}

static void a_file_that_cannot_be_read_loses_nothing(void **unused)
{
	scoped(freep) char *path = mem_printf("%s/b.yaml", folder), *sub = mem_printf("%s/c.yaml", folder);
	struct err e;

	(void)unused;
	put("a.yaml", POLICY, "web", "web", "5");
	put("b.yaml", POLICY, "api", "api", "6");
	holds("web=5 api=6 ");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("nowhere", path), 0);
	holds("web=5 api=6 | ? | api' ");
	assert_int_equal(in_force.fault[0].why.code, -ENOENT);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* nobody ever writes into it */
	holds("web=5 api=6 | ? | api' ");
	assert_int_equal(unlink(path), 0);
	holds("web=5 ");
	assert_int_equal(symlink(folder, sub), 0); /* a folder where a file should be */
	holds("web=5 | ? ");
	read_again("/nowhere");
	assert_int_equal(in_force.n, 0); /* it was read from elsewhere */
	assert_int_equal(in_force.n_faults, 1);
	assert_int_equal(manifests_there(&(struct opt_list){(char *[]){folder, "/nowhere"}, 2}, &e), -ENOENT);
	assert_string_equal(e.what, "/nowhere: cannot be read");
}

#define HPA \
	"---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\n" \
	"spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: %s\n" \
	"  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}]\n"
#define DEPLOYMENT \
	"---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n" \
	"spec: {template: {spec: {containers: [{name: c, resources: {requests: {cpu: %s}}}]}}}\n"
#define VPA \
	"---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {name: web, namespace: shop}\n" \
	"spec: {targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, updatePolicy: {updateMode: %s}}\n"

static int64_t request(void)
{
	const struct hpa_requests *r = &in_force.item[0].hpa->requests;

	return r->n == 1 ? r->item[0].cpu_milli : -1;
}

static void every_kind_keeps_its_version(void **unused)
{
	(void)unused;
	put("a.yaml", HPA DEPLOYMENT VPA, "5", "100m", "Initial");
	holds("shop/web=5 ");
	assert_int_equal(request(), 100);
	assert_string_equal(in_force.vpa[0].mode, "Initial");
	put("a.yaml", HPA DEPLOYMENT VPA, "0", "much", "Sometimes");
	holds("shop/web=5 | shop/web' | shop/web' | shop/web' ");
	assert_string_equal(in_force.fault[1].kind, "Deployment");
	assert_string_equal(what(1), "a.yaml:13:77: cpu: much is no value for it");
	assert_int_equal(request(), 100);
	assert_string_equal(in_force.vpa[0].mode, "Initial");
	assert_int_equal(in_force.n_vpas, 1);
	put("a.yaml", HPA DEPLOYMENT VPA, "0", "200m", "Off");
	holds("shop/web=5 | shop/web' ");
	assert_int_equal(request(), 200); /* the version of before learns of it, too */
	assert_string_equal(in_force.vpa[0].mode, "Off");
	put("a.yaml", HPA, "6");
	holds("shop/web=6 ");
	assert_int_equal(request(), -1);
}

static void one_entry_of_a_list_is_its_own_matter(void **unused)
{
	static const char list[] =
		"apiVersion: v1\nkind: List\nitems:\n"
		"- {apiVersion: v1, kind: Service, metadata: {name: web}}\n"
		"- {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: web},\n"
		"   spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: %s}}\n"
		"- {apiVersion: autoscaling/v1, kind: HorizontalPodAutoscaler, metadata: {name: api},\n"
		"   spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}, maxReplicas: %s}}\n";

	(void)unused;
	put("a.yaml", list, "3", "4");
	holds("web=3 api=4 ");
	put("a.yaml", list, "0", "5");
	holds("web=3 api=5 | web' ");
	assert_int_equal(in_force.left_alone, 1);
}

static void a_kind_that_its_group_does_not_have_is_refused(void **unused)
{
	static const char vpa[] = "---\napiVersion: autoscaling.k8s.io/v1\nkind: %s\nmetadata: {name: web}\n";

	(void)unused;
	put("a.yaml", HPA, "5");
	put("b.yaml", POLICY, "db", "db", "7");
	holds("shop/web=5 db=7 ");
	put("a.yaml", "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscalr\nmetadata: {name: web, namespace: shop}\n");
	put("b.yaml", "---\napiVersion: plimsoll.io/v1\nkind: Policy\nmetadata: {name: db}\n");
	put("c.yaml", vpa, "VerticalPodAutoscaller");
	holds("shop/web=5 db=7 | shop/web' | db' | web ");
	assert_string_equal(what(0), "v2 has no kind HorizontalPodAutoscalr");
	assert_non_null(strstr(in_force.fault[0].why.what, "/a.yaml:3:7: autoscaling/v2 has no kind"));
	assert_non_null(strstr(in_force.fault[0].why.cause, "ScalingPolicy of plimsoll.io, HorizontalPodAutoscaler of autoscaling"));
	assert_string_equal(in_force.fault[0].why.fix, "did you mean HorizontalPodAutoscaler?");
	assert_non_null(strstr(in_force.fault[1].why.what, "/b.yaml:3:7: plimsoll.io/v1 has no kind Policy"));
	assert_non_null(strstr(in_force.fault[2].why.what, "/c.yaml:3:7: autoscaling.k8s.io/v1 has no kind VerticalPodAutoscaller"));
	assert_string_equal(in_force.fault[2].kind, "VerticalPodAutoscaller");
}

static void kinds_of_other_groups_are_left_alone(void **unused)
{
	static const char *const others[] = {
		"apiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscalerCheckpoint\n",
		"apiVersion: autoscaling.internal.knative.dev/v1alpha1\nkind: PodAutoscaler\n",
		"apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n",
		"apiVersion: policy/v1\nkind: PodDisruptionBudget\n",
		"apiVersion: v1\nkind: Service\n",
	};
	const size_t n = sizeof(others) / sizeof(others[0]);
	scoped(buf_done) struct buf all = {0};

	(void)unused;
	for (size_t i = 0; i < n; i++)
		buf_printf(&all, "---\n%smetadata: {name: web}\n", others[i]);
	put("a.yaml", "%s", buf_text(&all));
	holds("");
	assert_int_equal(in_force.left_alone, n);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		test(a_bad_document_is_its_own_matter),
		test(what_is_no_yaml_takes_nothing_with_it),
		test(renamed_copied_and_removed),
		test(a_file_that_cannot_be_read_loses_nothing),
		test(every_kind_keeps_its_version),
		test(one_entry_of_a_list_is_its_own_matter),
		test(a_kind_that_its_group_does_not_have_is_refused),
		test(kinds_of_other_groups_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
