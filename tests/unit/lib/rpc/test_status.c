/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "rpc/status.h"

static void is(enum rpc_code code, const char *text, const char *address, const char *wanted)
{
	scoped(freep) char *said = rpc_status_explain(code, text, address);

	assert_string_equal(said, wanted);
}

/* Nobody speaks TLS over a unix socket. */
static void what_core_says_has_a_meaning(void **unused)
{
	(void)unused;
	is(RPC_UNAVAILABLE, "Socket closed", "unix:/run/x",
	   "unix:/run/x: the connection was closed: the server ended (Socket closed)");
	is(RPC_UNAVAILABLE, "Socket closed", "h:1",
	   "h:1: the connection was closed: the server ended, refused this side's certificate, or wants TLS where this "
	   "side speaks plain text (Socket closed)");
	is(RPC_UNAVAILABLE, "failed: Connection refused", "unix:/run/x",
	   "unix:/run/x: nobody listens there (failed: Connection refused)");
	is(RPC_UNAVAILABLE, "something new", "h:1", "something new");
	is(RPC_INTERNAL, "Socket closed", "h:1", "Socket closed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_core_says_has_a_meaning)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
