/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/version.h"

#include <string.h>

#include "base/scope.h"
#include "ctl/connect.h"
#include "ctl/method.h"
#include "ctl/text.h"
#include "ctl/tree.h"
#include "plimsoll/version.h"

static void print_forms(const struct session *s, const Plimsoll__V1__StatusResponse *server,
			const char *address)
{
	scoped(tree_freep) json_t *o = tree_object("Version");

	json_object_set_new(o, "client", json_string(PLIMSOLL_VERSION));
	json_object_set_new(o, "wire_version", json_integer(PLIMSOLL_WIRE_VERSION));
	json_object_set_new(o, "server",
			    server ? json_pack("{s:o, s:o, s:o}", "address", tree_string(address),
					       "program", tree_string(server->program), "version",
					       tree_string(server->version))
				   : json_null());
	tree_print(o, command_is(s, "yaml"), false, stdout);
}

static void print_lines(const Plimsoll__V1__StatusResponse *server, const char *address,
			const struct err *e)
{
	scoped(buf_done) struct buf text = {0};

	if (server) {
		text_safe(server->program, &text);
		buf_printf(&text, " ");
		text_safe(server->version, &text);
		buf_printf(&text, ", %s", address);
	} else {
		buf_printf(&text, "not reached: %s", e->what);
	}
	printf("client  plimsoll " PLIMSOLL_VERSION " (wire version %d)\nserver  %s\n",
	       PLIMSOLL_WIRE_VERSION, buf_text(&text));
}

/* That no daemon answers is no failure here, unless one was named. */
int version_run(const struct session *s)
{
	scoped(connect_freep) struct connect *c = NULL;
	const Plimsoll__V1__StatusResponse *server = NULL;
	struct rpc_msg *m = NULL;
	struct err e = {0};
	int r = connect_open(s->o, NULL, &c, &e);

	if (r == 0)
		r = connect_status(c, &m, &e);
	if (r == 0)
		server = (const void *)rpc_msg_get(m);
	const char *address = c ? connect_address(c) : "";
	if (command_is(s, "json") || command_is(s, "yaml"))
		print_forms(s, server, address);
	else if (command_is(s, "name"))
		puts("plimsoll");
	else
		print_lines(server, address, &e);
	rpc_msg_release(m);
	return r < 0 && *s->o->server ? command_fail(&e) : COMMAND_FINE;
}
