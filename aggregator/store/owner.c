/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/owner.h"

#include <stddef.h>
#include <string.h>

#define ALPHABET "bcdfghjklmnpqrstvwxz2456789" /* no vowels, so no words */
#define DIGITS	 "0123456789"
#define TAIL	 5
#define HASH	 10 /* digits of an uint32, at most */

static bool is_tail(const char *s)
{
	return strlen(s) == TAIL && strspn(s, ALPHABET) == TAIL;
}

static bool is_hash_and_tail(const char *s)
{
	size_t n = strspn(s, ALPHABET);

	return n >= 1 && n <= HASH && s[n] == '-' && is_tail(s + n + 1);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, DIGITS)];
}

static const struct {
	const char *kind;
	bool (*is_rest)(const char *s);
} makers[] = {
	{"Deployment", is_hash_and_tail}, {"StatefulSet", is_number}, {"ReplicaSet", is_tail},
	{"DaemonSet", is_tail}, {"ReplicationController", is_tail}, {"Job", is_tail},
};

#define MAKERS (sizeof(makers) / sizeof(makers[0]))

/* Its index; MAKERS: none. */
static size_t find(const char *kind, size_t n)
{
	size_t i = 0;

	while (i < MAKERS && (strlen(makers[i].kind) != n || strncmp(makers[i].kind, kind, n) != 0))
		i++;
	return i;
}

bool owner_is_kind(const char *kind)
{
	return find(kind, strlen(kind)) < MAKERS;
}

bool owner_made(const char *owner, const char *ns, const char *pod)
{
	size_t kind = strcspn(owner, "/"), maker = find(owner, kind), n;
	const char *at = owner + kind;

	if (maker == MAKERS || *at != '/')
		return false;
	at++;
	n = strcspn(at, "/");
	if (at[n] != '/' || strlen(ns) != n || strncmp(at, ns, n) != 0)
		return false;
	at += n + 1;
	n = strlen(at);
	return n && !strncmp(pod, at, n) && pod[n] == '-' && makers[maker].is_rest(pod + n + 1);
}
