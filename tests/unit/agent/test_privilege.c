/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent that has dropped its privileges can still do: nothing of this list. A process enters the
 * very state of the agent, by the very call, and tries each act; before, a child that is root tries those
 * that do no harm, so that an act that could never work proves nothing. Acts that would do harm have an
 * argument that no kernel takes: with the right, they fail for the argument's sake.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/privilege.h"
#include "base/sanitizer.h"
#include "base/scope.h"

#define CANNOT_RUN 77

static char folder[] = "/tmp/plimsoll-privilege-XXXXXX";
static char file[64], other[64];
static const char *procs = "/sys/fs/cgroup/cgroup.procs";
static pid_t parent;
static struct rlimit core = {1, 1}; /* the limit that is to be raised again */

static int closed(int fd)
{
	if (fd >= 0)
		close(fd);
	return fd < 0 ? -1 : 0;
}

static int exited(pid_t pid)
{
	int status;

	if (pid == 0)
		_exit(0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 ? 0 : -1;
}

static int at_port(int (*act)(int, const struct sockaddr *, socklen_t), uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r, error;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r = act(fd, (struct sockaddr *)&to, sizeof(to));
	error = errno;
	close(fd);
	errno = error;
	return r;
}

static int load_map(void)
{
	union bpf_attr a = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8, .max_entries = 1};

	return closed((int)syscall(SYS_bpf, BPF_MAP_CREATE, &a, sizeof(a)));
}

static int load_program(void)
{
	static const struct bpf_insn code[] = {{.code = 0xb7}, {.code = 0x95}}; /* r0 = 0; exit */
	union bpf_attr a = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
			    .insns = (uint64_t)(uintptr_t)code,
			    .insn_cnt = 2,
			    .license = (uint64_t)(uintptr_t) "GPL"};

	return closed((int)syscall(SYS_bpf, BPF_PROG_LOAD, &a, sizeof(a)));
}

static int count_everything(void)
{
	union bpf_attr a = {.enable_stats.type = BPF_STATS_RUN_TIME};

	return closed((int)syscall(SYS_bpf, BPF_ENABLE_STATS, &a, sizeof(a)));
}

static int open_by_id(void)
{
	union bpf_attr a = {.prog_id = UINT32_MAX};

	return (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));
}

static int look_into(int command)
{
	union bpf_attr a = {.map_fd = UINT32_MAX};

	return (int)syscall(SYS_bpf, command, &a, sizeof(a));
}

static int look_up(void) { return look_into(BPF_MAP_LOOKUP_ELEM); }
static int next_key(void) { return look_into(BPF_MAP_GET_NEXT_KEY); }
static int look_up_batch(void) { return look_into(BPF_MAP_LOOKUP_BATCH); }
static int object_info(void) { return look_into(BPF_OBJ_GET_INFO_BY_FD); }

static int watch_events(void)
{
	struct perf_event_attr a = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_CPU_CLOCK};

	return closed((int)syscall(SYS_perf_event_open, &a, -1, 0, -1, 0));
}

static int start_process(void) { return exited((pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static int start_by_vfork(void) { return exited((pid_t)syscall(SYS_fork)); }
static int start_program(void)
{
	char *const argv[] = {(char *)(uintptr_t) "true", NULL};

	return execv("/bin/true", argv);
}

static int trace_parent(void) { return (int)ptrace(PTRACE_SEIZE, parent, NULL, NULL); }
static int signal_parent(void) { return kill(parent, 0); }
static int read_parent(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {&byte, 1};

	return process_vm_readv(parent, &here, 1, &there, 1, 0) == 1 ? 0 : -1;
}

static int open_parent(void) { return closed((int)syscall(SYS_pidfd_open, parent, 0)); }
static int parent_memory(void)
{
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)parent);
	return closed(open(name, O_RDONLY | O_CLOEXEC));
}

static int new_names(void) { return unshare(CLONE_NEWUTS); }
static int new_users(void) { return unshare(CLONE_NEWUSER); }
static int old_names(void)
{
	int fd = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC);
	int r = setns(fd, CLONE_NEWUTS), error = errno;

	closed(fd);
	errno = error;
	return r;
}

static int other_root(void) { return chroot("/"); }
static int mount_here(void) { return mount("none", "/plimsoll-no-such-place", "tmpfs", 0, NULL); }
static int unmount(void) { return umount2("/plimsoll-no-such-place", 0); }
static int be_root(void) { return setresuid(0, 0, 0); }
static int be_roots_group(void) { return setresgid(0, 0, 0); }
static int join_groups(void)
{
	const gid_t root = 0;

	return setgroups(1, &root);
}

static int take_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct all[2] = {{1u << CAP_SYS_ADMIN, 1u << CAP_SYS_ADMIN, 0}, {0}};

	return (int)syscall(SYS_capset, &head, all);
}

static int be_dumped(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }
static int dump_more(void) { return setrlimit(RLIMIT_CORE, &core); }
static int read_passwords(void) { return closed(open("/etc/shadow", O_RDONLY | O_CLOEXEC)); }
static int make_file(void) { return closed(open(other, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); }
static int write_file(void) { return closed(open(file, O_WRONLY | O_CLOEXEC)); }
static int change_mode(void) { return chmod(file, 0666); }
static int change_owner(void) { return chown(file, 1, 1); }
static int make_link(void) { return symlink(file, other); }
static int make_device(void) { return mknod(other, S_IFIFO | 0600, 0); }
static int make_folder(void) { return mkdir(other, 0700); }
static int remove_file(void) { return unlink(file); }
static int move_task(void) { return closed(open(procs, O_WRONLY | O_CLOEXEC)); }
static int turn_kernel(void) { return closed(open("/proc/sys/kernel/hostname", O_WRONLY | O_CLOEXEC)); }
static int see_packets(void) { return closed(socket(AF_PACKET, SOCK_RAW, 0)); }
static int ask_kernel(void) { return closed(socket(AF_NETLINK, SOCK_RAW, 0)); }
static int make_packets(void) { return closed(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
static int serve_others(void) { return at_port(bind, 47123); }
static int call_others(void)
{
	/* Refused by nobody listening is not refused by us. */
	return at_port(connect, 47124) == 0 || errno == ECONNREFUSED ? 0 : -1;
}

static int map_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : munmap(p, 4096);
}

static int hide_file(void) { return closed((int)syscall(SYS_memfd_create, "x", 0)); }
static int ring(void) { return (int)syscall(SYS_io_uring_setup, 0, NULL); }
static int keep_keys(void) { return (int)syscall(SYS_add_key, "user", "plimsoll", "", 0, 0x7fffffff); }
static int set_clock(void) { return (int)syscall(SYS_clock_settime, CLOCK_REALTIME, &(struct timespec){0, -1}); }
static int reboot_machine(void) { return (int)syscall(SYS_reboot, 0, 0, 0, NULL); }
static int load_module(void) { return (int)syscall(SYS_finit_module, -1, "", 0); }
static int name_machine(void) { return (int)syscall(SYS_sethostname, "x", 1 << 20); }

static const struct act {
	const char *name;
	int (*try)(void);
	bool harmless; /* root does it, and it works */
} acts[] = {
	{"make a BPF map", load_map, true},
	{"load a BPF program", load_program, true},
	{"turn on run statistics", count_everything, true},
	{"open somebody's program by its number", open_by_id, false},
	{"look into a BPF map", look_up, false},
	{"walk a BPF map's keys", next_key, false},
	{"read a whole BPF map", look_up_batch, false},
	{"ask what a BPF descriptor is", object_info, false},
	{"open a perf event", watch_events, true},
	{"start a process by clone", start_process, true},
	{"start a process by fork", start_by_vfork, true},
	{"execute a program", start_program, true},
	{"trace another process", trace_parent, false},
	{"signal another process", signal_parent, true},
	{"read another process", read_parent, false},
	{"open another process", open_parent, true},
	{"open another process's memory", parent_memory, true},
	{"make a name space", new_names, true},
	{"make a user name space", new_users, true},
	{"enter a name space", old_names, true},
	{"change the root", other_root, true},
	{"mount", mount_here, false},
	{"unmount", unmount, false},
	{"become root", be_root, true},
	{"join root's group", be_roots_group, true},
	{"set the groups", join_groups, true},
	{"take a capability", take_capabilities, true},
	{"become dumpable", be_dumped, true},
	{"raise the core limit", dump_more, true},
	{"read the passwords", read_passwords, true},
	{"make a file", make_file, true},
	{"write a file", write_file, true},
	{"change a file's mode", change_mode, true},
	{"change a file's owner", change_owner, true},
	{"make a link", make_link, true},
	{"make a node", make_device, true},
	{"make a directory", make_folder, true},
	{"remove a file", remove_file, false},
	{"move a task to another cgroup", move_task, true},
	{"write a kernel setting", turn_kernel, true},
	{"open a packet socket", see_packets, true},
	{"open a netlink socket", ask_kernel, true},
	{"open a raw socket", make_packets, true},
	{"listen on a port that is not its own", serve_others, true},
	{"connect to a port that is not its own", call_others, true},
	{"map executable memory", map_code, true},
	{"make a file in memory", hide_file, true},
	{"set up io_uring", ring, false},
	{"add a key", keep_keys, false},
	{"set the clock", set_clock, false},
	{"reboot", reboot_machine, false},
	{"load a module", load_module, false},
	{"name the machine", name_machine, false},
};

#define N_ACTS (sizeof(acts) / sizeof(acts[0]))

static void tidy(void)
{
	unlink(other);
	rmdir(other);
}

/* 0: it worked as it should. */
static int in_child(int (*work)(const struct act *), const struct act *a)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(work(a));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tidy();
	return status;
}

static int as_root(const struct act *a)
{
	return a->try() == 0 ? 0 : 1;
}

static void each_harmless_act_works_for_root(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_ACTS; i++)
		if (acts[i].harmless && in_child(as_root, &acts[i]) != 0)
			fail_msg("root cannot %s: refusing it would prove nothing", acts[i].name);
}

static void drop(void)
{
	struct agent_options o = {0};
	struct opt_origins origins;
	struct user user;
	struct err e;

	if (opt_init(&agent_option_table, &o, &origins))
		_exit(98);
	*o.socket = 0; /* an agent of this machine may listen at the one that everybody has */
	if (privilege_prepare(&o, &user, &e) < 0 || privilege_drop(&o, &user, &e) < 0) {
		fprintf(stderr, "%s: %s\n", e.what, e.cause);
		_exit(99);
	}
}

static bool refused(int error)
{
	return error == EPERM || error == EACCES;
}

static int try_everything(const struct act *unused)
{
	int allowed = 0;

	(void)unused;
	drop();
	for (size_t i = 0; i < N_ACTS; i++) {
		errno = 0;
		if (acts[i].try() == 0 || !refused(errno)) {
			fprintf(stderr, "could %s: %s\n", acts[i].name, strerror(errno));
			allowed++;
		}
	}
	return allowed;
}

static void afterwards_each_is_refused(void **state)
{
	(void)state;
	assert_true(N_ACTS >= 30);
	assert_int_equal(in_child(try_everything, NULL), 0);
}

/* Status lines of the process itself, from inside. */
static int read_status(const struct act *unused)
{
	char line[256];
	int wrong = 0, seen = 0;

	(void)unused;
	FILE *f = fopen("/proc/self/status", "re"); /* before: it is root's afterwards */
	drop();
	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long mask;

		if (sscanf(line, "Cap%*3s: %llx", &mask) == 1)
			seen++, wrong += mask != 0;
		else if (strncmp(line, "NoNewPrivs:", 11) == 0)
			seen++, wrong += atoi(line + 11) != 1;
		else if (strncmp(line, "Seccomp:", 8) == 0)
			seen++, wrong += atoi(line + 8) != 2;
	}
	if (wrong || seen != 7 || getuid() == 0 || getgid() == 0)
		fprintf(stderr, "%d of %d lines are wrong; uid %u, gid %u\n", wrong, seen, getuid(), getgid());
	return wrong || seen != 7 || getuid() == 0 || getgid() == 0;
}

static void the_kernel_says_so_too(void **state)
{
	(void)state;
	assert_int_equal(in_child(read_status, NULL), 0);
}

static int listener(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	assert_return_code(bind(fd, (struct sockaddr *)&un, sizeof(un)), errno);
	assert_return_code(listen(fd, 1), errno);
	return fd;
}

static void prepare_with(const char *path, int code)
{
	struct agent_options o = {0};
	struct opt_origins origins;
	struct user user;
	struct err e;

	assert_int_equal(opt_init(&agent_option_table, &o, &origins), 0);
	free(o.socket);
	o.socket = strdup(path);
	assert_int_equal(privilege_prepare(&o, &user, &e), code);
}

/* Root's socket in a sticky directory would stand in the way of every later agent of another user. */
static void only_a_dead_socket_is_removed(void **state)
{
	char path[80];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/socket", folder);
	fd = listener(path);
	prepare_with(path, -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
	prepare_with(path, -EACCES); /* the folder is root's */
	assert_int_equal(access(path, F_OK), -1);
	prepare_with(file, -EEXIST);
	assert_int_equal(access(file, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_dead_socket_is_removed),
		cmocka_unit_test(each_harmless_act_works_for_root),
		cmocka_unit_test(afterwards_each_is_refused),
		cmocka_unit_test(the_kernel_says_so_too),
	};
	int failed;

#if SANITIZER
	puts("a sanitizer's build keeps its privileges: nothing to test");
	return 0;
#endif
	if (geteuid() != 0) {
		puts("SKIP: needs root, to have something to give up");
		return CANNOT_RUN;
	}
	parent = getpid();
	if (access(procs, F_OK) != 0) /* a hybrid machine */
		procs = "/sys/fs/cgroup/unified/cgroup.procs";
	if (!mkdtemp(folder))
		return perror(folder), 1;
	chmod(folder, 0755);
	snprintf(file, sizeof(file), "%s/file", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	rmdir(folder);
	return failed;
}
