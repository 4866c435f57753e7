/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine whose memory runs out. Most of it is set aside, so that it takes a second to fill the rest: then whoever
 * wants memory frees some himself (direct reclaim), or has some of it put into swap.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"
#include "bpf/account.h"
#include "bpf/crew.h"
#include "bpf/own_file.h"
#include "bpf/scene.h"
#include "bpf/truth.h"
#include "guest.h"

#define HUGE	   "/proc/sys/vm/nr_hugepages"
#define HUGE_KIB   2048
#define KEPT_FREE  "/proc/sys/vm/min_free_kbytes"
#define KEPT_KIB   "256" /* between this and what wakes the kernel's own reclaim are a few pages: it comes too late */
#define LEFT_KIB   (128 << 10)
#define WALK_BYTES (256 * OWN_FILE_MIB) /* more than is left */
#define LEAST_NS   (20 * CLOCK_NS_PER_MS)
#define PART	   0.003
#define EMULATED_PART 0.1 /* what our programs take, which are emulated, too, is in ours */
#define HICCUP_NS  (4 * CLOCK_NS_PER_MS) /* the emulator itself lost its CPU, between our moment and the kernel's */
#define WALKS	   3
#define STALL_EDGE_NS (5 * CLOCK_NS_PER_MS)
#define SWAP	   "/tmp/swap"
#define SWAP_BYTES (48 * OWN_FILE_MIB)
#define LIMIT	   (12 * OWN_FILE_MIB)
#define ANON_BYTES (32 * OWN_FILE_MIB)
#define SETTLE_MS  2500 /* the kernel adds up what memory consists of every 2 s */

enum { REST, WALK, USE, GIVE_BACK };

static struct own_cgroups own;
static struct watch w;
static char path[SCENE_PATH], other[SCENE_PATH];
static char *memory; /* of the actor */

static void walk(void)
{
	scoped(closep) int fd = own_file_hole(WALK_BYTES);

	own_file_walk(fd);
}

static void use(void)
{
	memory = mmap(NULL, ANON_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(memory != MAP_FAILED);
	memset(memory, 1, ANON_BYTES);
}

static void obey(int order, void *data)
{
	(void)data;
	if (order == WALK)
		walk();
	else if (order == USE)
		use();
	else if (order == GIVE_BACK)
		must(munmap(memory, ANON_BYTES) == 0);
}

static struct actor actor = {.obey = obey};
static struct scene scene = {&own, &w, {{"greedy", path}, {"other", other}}, .actor = &actor};

/* The sum of the lines of a file of the kernel's that begin so. */
static uint64_t lines(const char *file, const char *label)
{
	scoped(fclosep) FILE *f = fopen(file, "re");
	char name[64];
	uint64_t n, sum = 0;

	must(f);
	while (fscanf(f, "%63s %" SCNu64 "%*[^\n]", name, &n) == 2)
		sum += strncmp(name, label, strlen(label)) == 0 ? n : 0;
	return sum;
}

static char kept_before[32];

static int set_memory_aside(void **state)
{
	scoped(fclosep) FILE *kept = fopen(KEPT_FREE, "re");
	uint64_t free_kib;
	char pages[32];

	must(kept && fgets(kept_before, sizeof(kept_before), kept) && guest_write("/proc/sys/vm/drop_caches", "3"));
	free_kib = lines("/proc/meminfo", "MemFree:");
	must(free_kib > LEFT_KIB);
	snprintf(pages, sizeof(pages), "%" PRIu64, (free_kib - LEFT_KIB) / HUGE_KIB);
	must(guest_write("/proc/sys/vm/watermark_scale_factor", "1") && guest_write(KEPT_FREE, KEPT_KIB));
	must(guest_write(HUGE, pages));
	print_message("  %" PRIu64 " of %" PRIu64 " KiB are left\n", lines("/proc/meminfo", "MemFree:"), free_kib);
	return scene_setup(state);
}

static int give_memory_back(void **state)
{
	int r = scene_teardown(state);

	must(guest_write(HUGE, "0") && guest_write(KEPT_FREE, kept_before));
	must(guest_write("/proc/sys/vm/watermark_scale_factor", "10")); /* the kernel's own choice */
	return r;
}

static struct signals told(const char *cgroup)
{
	struct signals s = watch_read(&w, cgroup);

	assert_int_equal(s.missing & (SIGNAL_NO_RECLAIM | SIGNAL_NO_DETAIL | SIGNAL_NO_PSI), 0);
	return s;
}

struct moment {
	struct signals ours;
	struct account_reclaim account;
	uint64_t stalled_ns, machine_times;
};

static struct moment look(void)
{
	struct moment m;

	watch_pass(&w);
	m.ours = told(path);
	m.account = account_reclaim(actor.pid);
	m.stalled_ns = truth_pressure(&own, path, "memory").some_ns;
	m.machine_times = lines("/proc/vmstat", "allocstall_");
	return m;
}

static void direct_reclaim_is_what_the_kernel_accounts(void **state)
{
	struct moment then, now;
	uint64_t ours_ns, times;

	(void)state;
	actor_start(&actor, &own, path);
	crew_pin(actor.pid, 0); /* pressure is a mean over the CPUs that had work */
	actor_tell(&actor, WALK); /* an emulator translates code when it first runs, which takes longer than the code */
	then = look();
	for (int i = 0; i < WALKS; i++)
		actor_tell(&actor, WALK);
	now = look();
	ours_ns = now.ours.reclaim_ns - then.ours.reclaim_ns;
	times = now.account.times - then.account.times;
	print_message("  %" PRIu64 " reclaims, %" PRIu64 " on the machine\n", times, now.machine_times - then.machine_times);
	assert_true(times > 0 && times <= now.machine_times - then.machine_times);
	assert_true(ours_ns > LEAST_NS); /* else this showed nothing */
	assert_near(ours_ns, now.account.ns - then.account.ns, EMULATED_PART, HICCUP_NS);
	assert_true(ours_ns <= now.stalled_ns - then.stalled_ns + STALL_EDGE_NS);
	assert_int_equal(now.ours.limit_reclaim_ns, then.ours.limit_reclaim_ns);
	assert_int_equal(told(other).reclaim_ns, 0);
}

/* As mkswap(8) writes it; the kernel takes no file without a name. */
static int swap_on(void **state)
{
	static char chunk[OWN_FILE_MIB];
	scoped(closep) int fd = open(SWAP, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	long page = sysconf(_SC_PAGESIZE);
	uint32_t version_and_last[2] = {1, (uint32_t)(SWAP_BYTES / (size_t)page - 1)};

	must(fd >= 0);
	for (size_t i = 0; i < SWAP_BYTES / sizeof(chunk); i++)
		must(write(fd, chunk, sizeof(chunk)) == (ssize_t)sizeof(chunk));
	must(pwrite(fd, version_and_last, sizeof(version_and_last), 1024) == sizeof(version_and_last));
	must(pwrite(fd, "SWAPSPACE2", 10, page - 10) == 10 && fsync(fd) == 0);
	must(swapon(SWAP, 0) == 0);
	return scene_setup(state);
}

static int swap_off(void **state)
{
	int r = scene_teardown(state);

	must(swapoff(SWAP) == 0 && unlink(SWAP) == 0);
	return r;
}

static uint64_t compare_swap(void)
{
	struct truth_detail theirs;

	watch_pass(&w);
	theirs = truth_detail(&own, path);
	assert_near(told(path).memory_swap_bytes, theirs.swap_bytes, PART, 0);
	assert_near(told(path).memory_anon_bytes, theirs.anon_bytes, PART, 0);
	return theirs.swap_bytes;
}

static void swap_in_use_is_memory_swap_current(void **state)
{
	uint64_t used;

	(void)state;
	actor_start(&actor, &own, path);
	assert_int_equal(compare_swap(), 0);
	truth_set_limit(&own, path, LIMIT);
	actor_tell(&actor, USE);
	crew_pause(SETTLE_MS);
	used = compare_swap();
	assert_true(used >= (ANON_BYTES - LIMIT) * 9 / 10); /* else this showed nothing */
	assert_int_equal(told(other).memory_swap_bytes, 0);
	actor_tell(&actor, GIVE_BACK);
	crew_pause(SETTLE_MS);
	assert_true(compare_swap() < used / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(direct_reclaim_is_what_the_kernel_accounts,
							 set_memory_aside, give_memory_back, &scene),
		cmocka_unit_test_prestate_setup_teardown(swap_in_use_is_memory_swap_current, swap_on, swap_off, &scene),
	};

	guest_only();
	must(account_is_kept());
	scene_split(&scene);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
