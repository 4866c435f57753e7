/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/names/reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/scope.h"

#define PROJECT "com.docker.compose.project" /* podman-compose writes the same ones */
#define SERVICE "com.docker.compose.service"
#define ONE_OFF "com.docker.compose.oneoff" /* "True": a command run once beside the service, no replica of it */
#define HEAD_MAX 16384			    /* bytes; Docker's has 250 */

/* The head */

/* The value of a header in a NUL-terminated head, or NULL. */
static const char *header(const char *head, const char *name, size_t *ret_size)
{
	size_t n = strlen(name);

	for (const char *line = strstr(head, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1;
		line += strspn(line, " ");
		*ret_size = strcspn(line, "\r\n");
		return line;
	}
	return NULL;
}

/* "Docker/20.10.24 (linux)", "Libpod/4.3.1 (linux)" */
static void read_server(const char *head, struct reply *r)
{
	size_t size, name;
	const char *s = header(head, "Server", &size);

	if (!s)
		return;
	name = strcspn(s, "/ \r\n");
	if (name == strlen("Libpod") && strncasecmp(s, "Libpod", name) == 0)
		names_text_cut(r->runtime, NAMES_LABEL_MAX, "podman", strlen("podman"));
	else if (name == strlen("Docker") && strncasecmp(s, "Docker", name) == 0)
		names_text_cut(r->runtime, NAMES_LABEL_MAX, "docker", strlen("docker"));
	if (name < size && s[name] == '/')
		names_text_cut(r->version, NAMES_TEXT_MAX, s + name + 1, strcspn(s + name + 1, " \r\n"));
}

static int bad(struct err *e, const char *what)
{
	return err_set(e, -EBADMSG, "%s", what);
}

/* An answer that says how long it is may have been cut. */
static int check_head(const char *head, size_t body, struct err *e)
{
	size_t size, line = strcspn(head, "\r\n");
	const char *length = header(head, "Content-Length", &size);
	char status[61];

	if (line < strlen("HTTP/1.1 200") || strncmp(head, "HTTP/1.", 7) != 0)
		return bad(e, "it does not speak HTTP");
	if (strncmp(head + 8, " 200", 4) != 0) {
		names_text_cut(status, sizeof(status) - 1, head, line);
		return err_set(e, -EBADMSG, "it answers \"%s\"", status);
	}
	if (header(head, "Transfer-Encoding", &size))
		return bad(e, "it answers HTTP/1.0 in chunks");
	if (length && strtoull(length, NULL, 10) != body)
		return bad(e, "its answer is cut");
	return 0;
}

/* Containers */

/* "/web"; that of a link to it, "/proxy/web", is not its own. */
static const char *own_name(const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name) {
		const char *s = json_string_value(name);

		if (s && *s == '/')
			s++;
		if (s && !strchr(s, '/'))
			return s;
	}
	return NULL;
}

static void put_workload(struct names_entry *e, const json_t *labels)
{
	const char *project = json_string_value(json_object_get(labels, PROJECT));
	const char *service = json_string_value(json_object_get(labels, SERVICE));
	const char *once = json_string_value(json_object_get(labels, ONE_OFF));
	scoped(freep) char *both = NULL;

	if (!project || !*project || !service || !*service || (once && strcasecmp(once, "true") == 0))
		return;
	both = mem_printf("%s/%s", project, service);
	(void)names_text_put(e->workload, NAMES_CONTAINER_MAX, both); /* too long: it goes by its own name */
}

static bool read_container(const json_t *c, struct names_entry *e)
{
	const char *id = json_string_value(json_object_get(c, "Id"));

	if (!id || !names_id_good(id) || !names_text_put(e->id, NAMES_ID, id) ||
	    !names_text_put(e->container, NAMES_CONTAINER_MAX, own_name(json_object_get(c, "Names"))) ||
	    !*e->container)
		return false;
	put_workload(e, json_object_get(c, "Labels"));
	return true;
}

static int read_list(const char *body, size_t size, void (*tell)(const struct names_entry *e, void *data),
		     void *data, struct reply *r, struct err *e)
{
	json_error_t fault;
	scoped(json_decrefp) json_t *list = json_loadb(body, size, 0, &fault);
	json_t *container;
	size_t i;

	if (!json_is_array(list))
		return bad(e, "its answer is no list in JSON");
	json_array_foreach(list, i, container) {
		struct names_entry entry = {.sandbox = false};

		if (r->told == NAMES_MOST || !read_container(container, &entry)) {
			r->refused++;
			continue;
		}
		r->told++;
		tell(&entry, data);
	}
	return 0;
}

int reply_read(const char *bytes, size_t size, void (*tell)(const struct names_entry *e, void *data), void *data,
	       struct reply *ret, struct err *e)
{
	const char *end = size ? memmem(bytes, size < HEAD_MAX ? size : HEAD_MAX, "\r\n\r\n", 4) : NULL;
	struct reply r = {.told = 0};
	scoped(freep) char *head = NULL;
	size_t body;
	int code;

	if (!end)
		return bad(e, "it does not speak HTTP");
	head = mem_printf("%.*s", (int)(end - bytes), bytes);
	body = size - (size_t)(end + 4 - bytes);
	code = check_head(head, body, e);
	if (code < 0)
		return code;
	read_server(head, &r);
	code = read_list(end + 4, body, tell, data, &r, e);
	if (code == 0)
		*ret = r;
	return code;
}
