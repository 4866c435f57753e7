/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The demo behind `./dev run`. Three faces of one binary: `run` supervises everything, `replica` is
 * one process of the demo service, `scale` is the command that the demo's policy names as actuator.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "demo/child.h"
#include "demo/hook.h"
#include "demo/replica.h"
#include "demo/run.h"
#include "plimsoll/version.h"

#define SECONDS_MAX 86400 /* a demo of more than a day is a service */

static const char usage[] =
	"usage: plimsoll-demo run [--seconds N] [--output text|json] [--brisk]\n"
	"       plimsoll-demo scale --socket PATH   (the actuator's command; JSON on stdin)\n"
	"       plimsoll-demo replica               (started by run)\n"
	"\n"
	"run starts aggregator, agent and a small service on this machine, steps the load on it and\n"
	"shows what is measured and decided. Needs root. Ctrl-C ends it and leaves nothing behind.\n"
	"  --seconds N      end after N seconds of load (default: run until Ctrl-C)\n"
	"  --output FORMAT  text, or json: one JSON object on stdout at the end\n"
	"  --brisk          a step up every 16 s instead of 30, and nothing waits before it shrinks: to measure many\n";

static int misuse(const char *what, const char *word)
{
	struct err e;

	err_set(&e, -EINVAL, "%s '%s'", what, word);
	err_cause(&e, "plimsoll-demo does not take it");
	err_fix(&e, "plimsoll-demo --help");
	err_print(&e, "plimsoll-demo", stderr);
	return 2;
}

static int bad_flag(const char *flag)
{
	static const char *const known[] = { "--seconds", "--output", "--brisk", "--help", "-s", "-o", "-h" };
	const char *nearest = flag[1] == '-' ? err_nearest(flag, known, 4) : NULL;
	bool is_known = false;
	struct err e;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		is_known |= strcmp(flag, known[i]) == 0;
	err_set(&e, -EINVAL, is_known ? "%s needs a value" : "unknown option %s", flag);
	err_cause(&e, is_known ? "it was the last word" : "there is no such option here");
	if (nearest && !is_known)
		err_fix(&e, "did you mean %s?", nearest);
	else
		err_fix(&e, "plimsoll-demo --help lists them");
	err_print(&e, "plimsoll-demo", stderr);
	return 2;
}

static int parse_seconds(const char *text, uint64_t *ret_seconds)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n == 0 || n > SECONDS_MAX)
		return -EINVAL;
	*ret_seconds = n;
	return 0;
}

static int verb_run(int argc, char **argv)
{
	static const struct option flags[] = { { "seconds", required_argument, NULL, 's' },
					       { "output", required_argument, NULL, 'o' },
					       { "brisk", no_argument, NULL, 'b' },
					       { "help", no_argument, NULL, 'h' },
					       { NULL, 0, NULL, 0 } };
	struct run_options o = { .seconds = 0 };
	int c;

	opterr = 0; /* we say it ourselves */
	while ((c = getopt_long(argc, argv, "s:o:h", flags, NULL)) != -1) {
		if (c == 's' && parse_seconds(optarg, &o.seconds) < 0)
			return misuse("--seconds must be a number from 1 to 86400, not", optarg);
		if (c == 'o' && strcmp(optarg, "json") != 0 && strcmp(optarg, "text") != 0)
			return misuse("--output must be text or json, not", optarg);
		if (c == 'o')
			o.json = strcmp(optarg, "json") == 0;
		if (c == 'b')
			o.brisk = true;
		if (c == 'h')
			return fputs(usage, stdout) < 0;
		if (c == '?')
			return bad_flag(argv[optind - 1]);
	}
	return optind < argc ? misuse("unexpected word", argv[optind]) : run(&o);
}

static int verb_scale(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--socket") == 0)
		return hook_scale(argv[2]);
	return misuse("usage:", "plimsoll-demo scale --socket PATH");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "--help";

	opterr = 0;
	if (strcmp(verb, "run") == 0)
		return verb_run(argc - 1, argv + 1);
	if (strcmp(verb, "scale") == 0)
		return verb_scale(argc - 1, argv + 1);
	if (strcmp(verb, "replica") == 0)
		return replica_serve(CHILD_SOCKET);
	if (strcmp(verb, "--version") == 0)
		return printf("plimsoll-demo %s\n", PLIMSOLL_VERSION) < 0;
	if (strcmp(verb, "--help") != 0 && strcmp(verb, "-h") != 0 && strcmp(verb, "help") != 0)
		return misuse("no verb", verb);
	return fputs(usage, stdout) < 0;
}
