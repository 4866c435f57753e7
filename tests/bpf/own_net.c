/* SPDX-License-Identifier: Apache-2.0 */
#include "own_net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/obj.h"
#include "base/scope.h"

#define NEAR	   "10.9.0.1"
#define LINK_ROOM  256 /* packets under way; more are lost, as on any link */
#define PACKET_MAX 2048
#define IP_SOURCE  12 /* offsets in an IPv4 header */
#define IP_TARGET  16

static bool entered;

static void bring_up(const char *device)
{
	struct ifreq r = {0};
	scoped(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", device);
	must(ioctl(fd, SIOCGIFFLAGS, &r) == 0);
	r.ifr_flags |= IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &r) == 0);
}

void own_net_enter(void)
{
	must(unshare(CLONE_NEWNET) == 0);
	entered = true;
	bring_up("lo");
}

struct sockaddr_in own_net_at(const char *address, uint16_t port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};

	must(inet_pton(AF_INET, address, &a.sin_addr) == 1);
	return a;
}

int own_net_listen(uint16_t port, int backlog)
{
	struct sockaddr_in a = own_net_at("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
	must(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(fd, backlog) == 0);
	return fd;
}

int own_net_dial(const char *address, uint16_t port)
{
	struct sockaddr_in a = own_net_at(address, port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* The i-th number of the line of values that follows the line of names. */
void own_net_pair(int *ret_here, int *ret_there)
{
	int listener = own_net_listen(OWN_NET_PORT, 1);

	*ret_here = own_net_dial("127.0.0.1", OWN_NET_PORT);
	*ret_there = accept(listener, NULL, NULL);
	must(*ret_there >= 0 && setsockopt(*ret_here, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) == 0);
}

uint64_t own_net_count(const char *file, const char *group, const char *name)
{
	char path[64], names[8192], values[8192], *n, *v, *at_n, *at_v;
	scoped(fclosep) FILE *f = NULL;

	snprintf(path, sizeof(path), "/proc/net/%s", file);
	f = fopen(path, "re");
	while (f && fgets(names, sizeof(names), f) && fgets(values, sizeof(values), f)) {
		if (strncmp(names, group, strlen(group)) != 0)
			continue;
		n = strtok_r(names, " \n", &at_n);
		v = strtok_r(values, " \n", &at_v);
		while (n && v && strcmp(n, name) != 0) {
			n = strtok_r(NULL, " \n", &at_n);
			v = strtok_r(NULL, " \n", &at_v);
		}
		must(n && v);
		return strtoull(v, NULL, 10);
	}
	must(false);
	return 0;
}

static void run(const char *command)
{
	must(entered);
	must(system(command) == 0);
}

void own_net_drop(const char *rule)
{
	char command[512];

	snprintf(command, sizeof(command), "nft add table ip t && nft add chain ip t c "
		 "'{ type filter hook input priority 0; }' && nft add rule ip t c %s drop", rule);
	run(command);
}

void own_net_drop_nothing(void)
{
	run("nft delete table ip t");
}

struct packet {
	uint64_t due_ns;
	ssize_t size;
	unsigned char bytes[PACKET_MAX];
};

/* Neither the header's sum nor TCP's changes when the two addresses do. */
static void turn_round(unsigned char *packet)
{
	unsigned char source[4];

	memcpy(source, packet + IP_SOURCE, sizeof(source));
	memcpy(packet + IP_SOURCE, packet + IP_TARGET, sizeof(source));
	memcpy(packet + IP_TARGET, source, sizeof(source));
}

static void carry(int tun, uint64_t delay_ns)
{
	static struct packet way[LINK_ROOM];
	unsigned first = 0, n = 0;

	for (;;) {
		struct packet *oldest = &way[first % LINK_ROOM];
		uint64_t now = clock_boot().ns;
		uint64_t wait_ns = n && oldest->due_ns > now ? oldest->due_ns - now : 0;
		struct timespec wait = {.tv_nsec = (long)wait_ns};
		struct pollfd p = {.fd = tun, .events = POLLIN};

		if (ppoll(&p, 1, n ? &wait : NULL, NULL) > 0 && n < LINK_ROOM) {
			struct packet *last = &way[(first + n++) % LINK_ROOM];

			last->size = read(tun, last->bytes, sizeof(last->bytes));
			last->due_ns = clock_boot().ns + delay_ns;
			turn_round(last->bytes);
		}
		for (; n && way[first % LINK_ROOM].due_ns <= clock_boot().ns; n--, first++)
			(void)!write(tun, way[first % LINK_ROOM].bytes, (size_t)way[first % LINK_ROOM].size);
	}
}

static int open_tun(void)
{
	struct ifreq r = {.ifr_name = "slow", .ifr_flags = IFF_TUN | IFF_NO_PI};
	scoped(closep) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in near = own_net_at(NEAR, 0), mask = own_net_at("255.255.255.0", 0);
	int tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	must(tun >= 0 && ioctl(tun, TUNSETIFF, &r) == 0);
	memcpy(&r.ifr_addr, &near, sizeof(near));
	must(ioctl(fd, SIOCSIFADDR, &r) == 0);
	memcpy(&r.ifr_netmask, &mask, sizeof(mask));
	must(ioctl(fd, SIOCSIFNETMASK, &r) == 0);
	bring_up("slow");
	return tun;
}

void own_net_slow_link(unsigned one_way_ms)
{
	int tun = open_tun();
	pid_t pid = fork();

	must(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		carry(tun, one_way_ms * CLOCK_NS_PER_MS);
	}
	close(tun);
}
