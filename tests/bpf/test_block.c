/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Block IO of one cgroup against fio's own figures: bytes and operations to 5 %. Its mean latency is longer:
 * fio begins to count in user space, we when the request is made, and it ends when its task has a CPU again.
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

#include "scene.h"
#include "truth.h"

#define PART	   0.05
#define LEAST_OF_FIO 0.5 /* 0.9 on a machine that has nothing else to do */
#define CALM_TRIES   10	 /* until fio had a CPU when it wanted one */
#define SETUP_BYTES (64u << 10) /* fio's own reads of its program and libraries, once they are cached */

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], folder[] = "/var/tmp/plimsoll-block-XXXXXX";
static struct scene scene = {&own, &w, {{"fio", path}}};

struct job { /* as fio takes it */
	const char *rw, *size;
	bool write;
};

static void run_fio(const void *data)
{
	const struct job *j = data;
	char rw[32], size[32], directory[64], output[96];

	snprintf(rw, sizeof(rw), "--rw=%s", j->rw);
	snprintf(size, sizeof(size), "--size=%s", j->size);
	snprintf(directory, sizeof(directory), "--directory=%s", folder);
	snprintf(output, sizeof(output), "--output=%s/result", folder);
	/* The directory first: fio opens a file where it is when it reads its name. */
	execlp("fio", "fio", "--name=plimsoll", directory, "--filename=data", "--bs=64k", "--direct=1",
	       "--ioengine=psync", "--allow_file_create=1", "--output-format=json", rw, size, output, (char *)NULL);
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

struct result {
	uint64_t bytes, operations, mean_ns;
};

static struct result result_of(bool write)
{
	char name[96];
	json_error_t error;
	json_t *root, *side;
	struct result r;

	snprintf(name, sizeof(name), "%s/result", folder);
	root = json_load_file(name, 0, &error);
	if (!root)
		fail_msg("%s: %s", name, error.text);
	side = json_object_get(json_array_get(json_object_get(root, "jobs"), 0), write ? "write" : "read");
	r.bytes = (uint64_t)json_integer_value(json_object_get(side, "io_bytes"));
	r.operations = (uint64_t)json_integer_value(json_object_get(side, "total_ios"));
	r.mean_ns = (uint64_t)json_number_value(json_object_get(json_object_get(side, "lat_ns"), "mean"));
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
	return (double)ours_ns >= (double)theirs_ns * LEAST_OF_FIO;
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
	return compare_means((now.io_ns - then.io_ns) / in_histogram(&now, &then), theirs.mean_ns);
}

static void compare(const struct job *j)
{
	int tries = 1;

	while (!compare_once(j) && tries < CALM_TRIES)
		tries++;
	if (tries == CALM_TRIES)
		fail_msg("fio was never near in %d tries", tries);
}

static void reads_are_those_of_fio(void **state)
{
	(void)state;
	fio(&(struct job){"write", "48M", true}); /* lays the file out */
	compare(&(struct job){"read", "48M", false});
}

static void writes_are_those_of_fio(void **state)
{
	(void)state;
	fio(&(struct job){"write", "48M", true});
	compare(&(struct job){"randwrite", "48M", true});
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
