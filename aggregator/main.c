/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregator/aggregator.h"
#include "aggregator/manifest.h"
#include "aggregator/options.h"
#include "aggregator/tls.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/scope.h"
#include "conf/conf.h"
#include "plimsoll/version.h"
#include "rpc/rpc.h"

#define PROGRAM "plimsoll-aggregator"

enum { EXIT_USAGE = 2 };

static int fail(const struct err *e, int code)
{
	err_print(e, PROGRAM, stderr);
	return code;
}

static int no_words(char **words, int n, struct err *e)
{
	if (!n)
		return 0;
	err_set(e, -EINVAL, "\"%s\" is not understood", words[0]);
	err_cause(e, "this program takes flags only");
	return err_fix(e, PROGRAM " --help lists them");
}

static void print_help(void)
{
	scoped(buf_done) struct buf b = {0};

	opt_help(&aggregator_option_table, &b);
	fputs(buf_text(&b), stdout);
}

static int check_addresses(const struct aggregator_options *o, struct err *e)
{
	int r = *o->listen ? rpc_address_check("--listen", o->listen, e) : 0;

	if (r == 0 && *o->http)
		r = rpc_address_check("--http", o->http, e);
	for (size_t i = 0; r == 0 && i < o->scrape.n; i++)
		r = rpc_address_check_peer("--scrape", o->scrape.items[i], e);
	return r;
}

static int check(const struct aggregator_options *o, struct err *e)
{
	int r = check_addresses(o, e);

	if (r == 0)
		r = tls_options(o, e);
	return r < 0 ? r : manifests_there(&o->policy, e);
}

/* All that is wrong with them, for --check. */
static int check_policies(const struct aggregator_options *o)
{
	struct manifests all;
	int code;

	manifests_read(&o->policy, NULL, &all);
	for (size_t i = 0; i < all.n_faults; i++)
		(void)fail(&all.fault[i].why, EXIT_USAGE);
	code = all.n_faults ? EXIT_USAGE : EXIT_SUCCESS;
	if (code == EXIT_SUCCESS)
		printf("the configuration is good, policies: %zu%s\n", all.n + all.n_vpas,
		       all.n + all.n_vpas ? "" : " (nothing will be decided)");
	manifests_done(&all);
	return code;
}

static void start_log(const struct aggregator_options *o)
{
	enum log_level level = LOG_INFO;

	(void)log_level_parse(o->log_level, &level); /* the option table has checked the word */
	log_init(PROGRAM, level, !strcmp(o->log_format, "json"));
}

static int run(const struct aggregator_options *o)
{
	struct err e;

	if (o->help) {
		print_help();
		return EXIT_SUCCESS;
	}
	if (o->version) {
		puts(PROGRAM " " PLIMSOLL_VERSION);
		return EXIT_SUCCESS;
	}
	if (check(o, &e) < 0)
		return fail(&e, EXIT_USAGE);
	if (o->check)
		return check_policies(o);
	start_log(o);
	return aggregator_run(o, &e) < 0 ? fail(&e, EXIT_FAILURE) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	static struct aggregator_options options;
	static struct opt_origins origins;
	char **words = calloc((size_t)argc + 1, sizeof(char *));
	struct err e;
	int n = 0, code;

	if (!words)
		return EXIT_FAILURE;
	heap_init();
	if (conf_resolve(&aggregator_option_table, &options, &origins, argc, argv, words, &n, &e) <
	    0) {
		free(words);
		return fail(&e, EXIT_USAGE);
	}
	code = no_words(words, n, &e) < 0 ? fail(&e, EXIT_USAGE) : run(&options);
	opt_done(&aggregator_option_table, &options);
	free(words);
	return code;
}
