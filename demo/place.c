/* SPDX-License-Identifier: Apache-2.0 */
#include "demo/place.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/scope.h"
#include "demo/owner.h"

#define RUN_DIR	  "/run/plimsoll"
#define GRPC_PORT 9461
#define HTTP_PORT 9462
#define OPEN_DIRS 8 /* descriptors nftw() may keep; our tree is 3 deep */

static const char *temp_root(void)
{
	const char *t = getenv("TMPDIR");

	return t && t[0] == '/' && strlen(t) < 48 ? t : "/tmp"; /* socket paths end at 107 bytes */
}

static bool is_closed(const char *directory)
{
	struct stat st;

	return stat(directory, &st) < 0 || !(st.st_mode & S_IXOTH);
}

static bool is_free(const char *socket_path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	scoped(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(to.sun_path, sizeof(to.sun_path), "%s", socket_path);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 &&
	       (errno == ENOENT || errno == ECONNREFUSED);
}

/* The port itself when nobody has it, else one the kernel says is free; 0: none at all. */
static uint16_t free_port(uint16_t wish)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(wish) };
	socklen_t size = sizeof(to);
	scoped(closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)); /* TIME_WAIT is no owner */
	if (fd < 0)
		return 0;
	if (bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 && listen(fd, 1) == 0)
		return wish;
	to.sin_port = 0;
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	scoped(closep) int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (other < 0 || bind(other, (struct sockaddr *)&to, sizeof(to)) < 0 ||
	    getsockname(other, (struct sockaddr *)&to, &size) < 0)
		return 0;
	return ntohs(to.sin_port);
}

/* Each daemon makes its own directory below ours. */
static void choose_socket(const struct place *p, const char *daemon, char ret[PLACE_PATH])
{
	snprintf(ret, PLACE_PATH, RUN_DIR "/%s.sock", daemon);
	if (!is_free(ret))
		snprintf(ret, PLACE_PATH, "%s/%s/%s.sock", p->dir, daemon, daemon);
}

int place_make(struct place *ret_p, struct err *e)
{
	struct place p = { "" };

	snprintf(p.dir, sizeof(p.dir), "%s/" OWNER_PREFIX "%d-XXXXXX", temp_root(), (int)getpid());
	if (!mkdtemp(p.dir))
		return err_set(e, -errno, "cannot make a directory in %s", temp_root());
	if (chmod(p.dir, 0711) < 0) /* the agent leaves root, and has its socket and its key below */
		return err_set(e, -errno, "cannot open %s to the agent", p.dir);
	p.closed = is_closed(temp_root());
	snprintf(p.tls, sizeof(p.tls), "%s/tls", p.dir);
	snprintf(p.state, sizeof(p.state), "%s/state", p.dir);
	snprintf(p.policy, sizeof(p.policy), "%s/policy.yaml", p.dir);
	snprintf(p.hook, sizeof(p.hook), "%s/scale.sock", p.dir);
	snprintf(p.config, sizeof(p.config), "%s/config.yaml", p.dir);
	(void)mkdir(RUN_DIR, 0755);
	choose_socket(&p, "agent", p.agent_socket);
	choose_socket(&p, "aggregator", p.aggregator_socket);
	p.grpc_port = free_port(GRPC_PORT);
	p.http_port = free_port(HTTP_PORT);
	*ret_p = p;
	return 0;
}

static const char policy_text[] =
	"apiVersion: plimsoll.io/v1alpha1\n"
	"kind: ScalingPolicy\n"
	"metadata:\n"
	"  name: demo\n"
	"spec:\n"
	"  mode: Enforce\n"
	"  target:\n"
	"    cgroup: \"%s/replica-*\"\n"
	"    cpuRequest: 250m\n"
	"  minReplicas: 1\n"
	"  maxReplicas: 5\n"
	"  metrics:\n"
	"    - type: Resource\n"
	"      resource:\n"
	"        name: cpu\n"
	"        target: {type: Utilization, averageUtilization: 60}\n"
	"    - type: Latency\n"
	"      latency:\n"
	"        quantile: 95\n"
	"        target: {value: 200ms}\n"
	"  behavior:\n"
	"    scaleUp: {stabilizationWindowSeconds: 0}\n"
	"    scaleDown: {stabilizationWindowSeconds: %u}\n"
	"  tolerance: 0.1\n"
	"  windowSeconds: 2\n"
	"  actuator:\n"
	"    exec:\n"
	"      command: [%s, scale, --socket, %s]\n"
	"      timeoutSeconds: 10\n";

/* A JSON string is a YAML double-quoted one. NULL: not UTF-8. */
static char *quoted(const char *text)
{
	json_t *string = json_string(text);
	char *result = string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;

	json_decref(string);
	return result;
}

static int write_file(const char *path, const char *text, struct err *e)
{
	FILE *f = fopen(path, "we");

	if (f && fputs(text, f) >= 0 && fclose(f) == 0)
		return 0;
	return err_set(e, -errno, "cannot write %s", path);
}

int place_write_files(const struct place *p, const char *root, const char *binary, const struct step_cycle *c,
		      struct err *e)
{
	scoped(freep) char *command = quoted(binary);
	scoped(freep) char *hook = quoted(p->hook);

	if (!command || !hook)
		return err_set(e, -EILSEQ, "the path %s is not UTF-8", binary);
	scoped(freep) char *text = mem_printf(policy_text, root, c->calm_s, command, hook);
	int r = write_file(p->config, "# The demo runs on embedded defaults.\n", e);
	return r < 0 ? r : write_file(p->policy, text, e);
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *at)
{
	(void)s;
	(void)type;
	(void)at;
	(void)remove(path);
	return 0;
}

static void remove_tree(const char *dir)
{
	(void)nftw(dir, remove_entry, OPEN_DIRS, FTW_DEPTH | FTW_PHYS);
}

void place_remove(struct place *p)
{
	if (!p->dir[0])
		return;
	if (is_free(p->agent_socket))
		unlink(p->agent_socket);
	if (is_free(p->aggregator_socket))
		unlink(p->aggregator_socket);
	(void)rmdir(RUN_DIR); /* only when nobody else has a socket there */
	remove_tree(p->dir);
	p->dir[0] = '\0';
}

/* A directory of ours: not a link, made by this user. */
static bool is_own_dir(const char *path)
{
	struct stat s;

	return lstat(path, &s) == 0 && S_ISDIR(s.st_mode) && s.st_uid == geteuid();
}

int place_sweep(void)
{
	char path[PLACE_PATH * 2];
	struct dirent *entry;
	int swept = 0;

	DIR *d = opendir(temp_root());
	if (!d)
		return 0;
	while ((entry = readdir(d))) {
		if (!owner_is_dead(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", temp_root(), entry->d_name);
		if (!is_own_dir(path))
			continue;
		remove_tree(path);
		swept++;
	}
	closedir(d);
	return swept;
}
