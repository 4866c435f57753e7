/* SPDX-License-Identifier: Apache-2.0 */
/* A program's options from a YAML file: one mapping whose keys are the option table's. */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/opt.h"
#include "conf/yaml.h"

/* The options of a parsed file. A sequence fills a list; its items are split at commas as everywhere.
 * Errors as of opt_set(), with the place; also for values that are stronger elsewhere. */
int conf_apply(const struct opt_table *t, void *target, struct opt_origins *origins,
	       const struct yaml_doc *doc, struct err *e);

/* -ENOENT without a message in *e only when the file does not exist and must_exist is false. */
int conf_load(const struct opt_table *t, void *target, struct opt_origins *origins,
	      const char *path, bool must_exist, struct err *e);

/* All four sources in one call, as every main() wants it: defaults, the file named by the row
 * "config" (flag or environment decide which; only the default one may be missing), environment, flags. Words
 * as in opt_flags(). With --help or --version among the flags the rest is not read: help must come out
 * of a broken configuration, too. After a failure nothing in target needs opt_done(). */
int conf_resolve(const struct opt_table *t, void *target, struct opt_origins *origins, int argc,
		 char **argv, char **ret_words, int *ret_n, struct err *e);

#endif
