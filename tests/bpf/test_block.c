/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block IO of one cgroup against fio's own figures, to 5 %. Its latency is longer by its own way: fio begins to count in
 * user space, we when the request is made, and it ends when its task has a CPU again. Where the device takes much
 * longer than that, as it does in a guest with a queue, latencies are compared to 5 %, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hist.h"
#include "scene.h"
#include "truth.h"

#define PART	   0.05
#define DEPTH	   16
#define LEAST_OF_FIO 0.5 /* 0.9 on a machine that has nothing else to do */
#define SLOW_NS	   (10 * CLOCK_NS_PER_MS) /* beside which fio's own way is nothing */
#define CALM_TRIES   10	 /* until fio had a CPU when it wanted one */
#define SETUP_BYTES (64u << 10) /* fio's own reads of its program and libraries, once they are cached */

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], folder[] = "/var/tmp/plimsoll-block-XXXXXX";
static struct scene scene = {&own, &w, {{"fio", path}}};

struct job { /* as fio takes it */
	const char *rw, *size;
	bool write;
	int depth; /* requests at once */
};

static void run_fio(const void *data)
{
	const struct job *j = data;
	char rw[32], size[32], depth[32], directory[64], output[96];

	snprintf(rw, sizeof(rw), "--rw=%s", j->rw);
	snprintf(size, sizeof(size), "--size=%s", j->size);
	snprintf(depth, sizeof(depth), "--iodepth=%d", j->depth);
	snprintf(directory, sizeof(directory), "--directory=%s", folder);
	snprintf(output, sizeof(output), "--output=%s/result", folder);
	/* The directory first: fio opens a file where it is when it reads its name. */
	execlp("fio", "fio", "--name=plimsoll", directory, "--filename=data", "--bs=64k", "--direct=1",
	       j->depth > 1 ? "--ioengine=libaio" : "--ioengine=psync", "--allow_file_create=1", "--output-format=json",
	       depth, rw, size, output, (char *)NULL);
	_exit(127);
}

static void fio(const struct job *j)
{
	int status;
	pid_t pid = own_spawn(&own, path, run_fio, j);

	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		fail_msg("fio ended with %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

#define QUANTILES 3
static const struct {
	double part;
	const char *fio; /* its name for it */
} quantiles[QUANTILES] = {{0.1, "10.000000"}, {0.5, "50.000000"}, {0.9, "90.000000"}};

struct result {
	uint64_t bytes, operations, mean_ns, quantile_ns[QUANTILES];
};

static struct result result_of(bool write)
{
	char name[96];
	json_error_t error;
	json_t *root, *side, *times;
	struct result r;

	snprintf(name, sizeof(name), "%s/result", folder);
	root = json_load_file(name, 0, &error);
	if (!root)
		fail_msg("%s: %s", name, error.text);
	side = json_object_get(json_array_get(json_object_get(root, "jobs"), 0), write ? "write" : "read");
	r.bytes = (uint64_t)json_integer_value(json_object_get(side, "io_bytes"));
	r.operations = (uint64_t)json_integer_value(json_object_get(side, "total_ios"));
	r.mean_ns = (uint64_t)json_number_value(json_object_get(json_object_get(side, "lat_ns"), "mean"));
	times = json_object_get(json_object_get(side, "clat_ns"), "percentile");
	for (int i = 0; i < QUANTILES; i++)
		r.quantile_ns[i] = (uint64_t)json_integer_value(json_object_get(times, quantiles[i].fio));
	json_decref(root);
	return r;
}

static uint64_t in_histogram(const struct signals *now, const struct signals *then)
{
	return watch_times(now, SIGNAL_HIST_IO, 0, UINT64_MAX) - watch_times(then, SIGNAL_HIST_IO, 0, UINT64_MAX);
}

/* fio's has the way from the interrupt to fio in it. False: that was long, for it had no CPU. */
static bool compare_means(uint64_t ours_ns, uint64_t theirs_ns)
{
	printf("  mean latency: %.1f us, fio says %.1f us\n", (double)ours_ns / 1e3, (double)theirs_ns / 1e3);
	assert_true((double)ours_ns <= (double)theirs_ns * (1 + PART));
	return (double)ours_ns >= (double)theirs_ns * (theirs_ns > SLOW_NS ? 1 - PART : LEAST_OF_FIO);
}

/* Fio's is in the bucket where ours is, but for 5 %. */
static void compare_quantiles(const struct signals *now, const struct signals *then, const struct result *theirs)
{
	uint64_t buckets[HIST_BUCKETS] = {0}, ours_ns;

	if (theirs->mean_ns <= SLOW_NS)
		return;
	hist_add_delta(buckets, now->hist + SIGNAL_HIST_IO * HIST_BUCKETS, then->hist + SIGNAL_HIST_IO * HIST_BUCKETS);
	for (int i = 0; i < QUANTILES; i++) {
		unsigned b;

		assert_int_equal(hist_quantile(buckets, quantiles[i].part, &ours_ns), 0);
		b = hist_bucket(ours_ns);
		printf("  of %.0f %% at most %.1f ms, fio says %.1f ms\n", quantiles[i].part * 100, (double)ours_ns / 1e6,
		       (double)theirs->quantile_ns[i] / 1e6);
		assert_true((double)theirs->quantile_ns[i] >= (double)hist_lower_ns(b) * (1 - PART));
		assert_true((double)theirs->quantile_ns[i] <= (double)hist_upper_ns(b) * (1 + PART));
	}
}

/* What the io controller counted for the cgroup, where v2 has it: bios, of which each of fio's is a request. */
static void compare_controller(const struct signals *now, const struct signals *then, const struct truth_io *before)
{
	struct truth_io after;

	if (!truth_io(&own, path, &after))
		return;
	assert_near(now->io_read_bytes - then->io_read_bytes, after.read_bytes - before->read_bytes, PART, 0);
	assert_near(now->io_written_bytes - then->io_written_bytes, after.written_bytes - before->written_bytes, PART, 0);
	assert_near(now->io_reads - then->io_reads, after.reads - before->reads, PART, SETUP_BYTES / 4096);
	assert_near(now->io_writes - then->io_writes, after.writes - before->writes, PART, SETUP_BYTES / 4096);
}

static bool compare_once(const struct job *j)
{
	struct signals then, now;
	struct result theirs;
	uint64_t bytes, operations;
	struct truth_io before = {0};

	watch_pass(&w);
	then = watch_read(&w, path);
	(void)truth_io(&own, path, &before);
	fio(j);
	watch_pass(&w);
	now = watch_read(&w, path);
	compare_controller(&now, &then, &before);
	theirs = result_of(j->write);
	assert_int_equal(now.missing & SIGNAL_NO_IO, 0);
	bytes = j->write ? now.io_written_bytes - then.io_written_bytes : now.io_read_bytes - then.io_read_bytes;
	operations = j->write ? now.io_writes - then.io_writes : now.io_reads - then.io_reads;
	assert_near(bytes, theirs.bytes, PART, SETUP_BYTES);
	assert_near(operations, theirs.operations, PART, SETUP_BYTES / 4096);
	assert_int_equal(in_histogram(&now, &then),
			 now.io_writes - then.io_writes + now.io_reads - then.io_reads);
	compare_quantiles(&now, &then, &theirs);
	return compare_means((now.io_ns - then.io_ns) / in_histogram(&now, &then), theirs.mean_ns);
}

static void compare(const struct job *j)
{
	int tries = 0;

	while (!compare_once(j))
		if (++tries == CALM_TRIES)
			fail_msg("fio was never near in %d tries", tries);
}

static void reads_are_those_of_fio(void **state)
{
	(void)state;
	fio(&(struct job){"write", "48M", true, 1}); /* lays the file out */
	compare(&(struct job){"read", "48M", false, 1});
}

static void writes_are_those_of_fio(void **state)
{
	(void)state;
	fio(&(struct job){"write", "48M", true, 1});
	compare(&(struct job){"randwrite", "48M", true, 1});
}

static void the_wait_in_a_queue_is_in_the_latency(void **state)
{
	(void)state;
	fio(&(struct job){"write", "48M", true, 1});
	compare(&(struct job){"randread", "48M", false, DEPTH}); /* neighbours in a queue become one request, if it is long */
}

static void others_io_is_not_ours(void **state)
{
	static char buffer[1 << 16];
	char name[96];
	struct signals then, now;
	int fd;

	(void)state;
	snprintf(name, sizeof(name), "%s/mine", folder);
	fd = open(name, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	watch_pass(&w);
	then = watch_read(&w, path);
	for (int i = 0; i < 16; i++)
		assert_int_equal(write(fd, buffer, sizeof(buffer)), (ssize_t)sizeof(buffer));
	assert_int_equal(fsync(fd), 0);
	close(fd);
	watch_pass(&w);
	now = watch_read(&w, path);
	assert_int_equal(now.io_written_bytes, then.io_written_bytes);
	assert_int_equal(now.io_ns, then.io_ns);
}

static void remove_folder(void)
{
	static const char *const names[] = {"data", "mine", "result"};
	char name[96];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		unlink(name);
	}
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE_TEST(reads_are_those_of_fio, &scene),
		SCENE_TEST(writes_are_those_of_fio, &scene),
		SCENE_TEST(the_wait_in_a_queue_is_in_the_latency, &scene),
		SCENE_TEST(others_io_is_not_ours, &scene),
	};
	int failed;

	scene_split(&scene);
	if (!mkdtemp(folder))
		return perror(folder), 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove_folder();
	return failed;
}
