/* SPDX-License-Identifier: Apache-2.0 */
#include "vectors/vectors.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vectors/vectors_file.h"

static struct vectors_case *current;
static jmp_buf broken_case; /* a case that cannot be read is left here */

/* --- comparing ---------------------------------------------------------------------------------- */

void vectors_fail(struct vectors_case *c, const char *what, const char *expected, const char *got)
{
	c->failed = true;
	printf("FAILED %s: %s: expected %s, got %s\n", c->name, what, expected, got);
}

void vectors_int(struct vectors_case *c, const char *what, int64_t expected, int64_t got)
{
	char one[32], other[32];

	if (expected == got)
		return;
	snprintf(one, sizeof(one), "%" PRId64, expected);
	snprintf(other, sizeof(other), "%" PRId64, got);
	vectors_fail(c, what, one, other);
}

void vectors_double(struct vectors_case *c, const char *what, double expected, double got)
{
	char one[32], other[32];

	if (expected == got)
		return;
	snprintf(one, sizeof(one), "%.17g", expected);
	snprintf(other, sizeof(other), "%.17g", got);
	vectors_fail(c, what, one, other);
}

void vectors_text(struct vectors_case *c, const char *what, const char *expected, const char *got)
{
	if (expected && got ? strcmp(expected, got) != 0 : expected != got)
		vectors_fail(c, what, expected ? expected : "nothing", got ? got : "nothing");
}

void vectors_json(struct vectors_case *c, const char *what, json_t *expected, json_t *got)
{
	char *one, *other;

	if (json_equal(expected, got) || (!expected && !got))
		return;
	one = json_dumps(expected, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	other = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	vectors_fail(c, what, one ? one : "nothing", other ? other : "nothing");
	free(one);
	free(other);
}

void vectors_apart(struct vectors_case *c, const char *reason)
{
	c->apart = reason;
}

/* --- reading ------------------------------------------------------------------------------------ */

void vectors_broken(const char *key, const char *expected)
{
	char what[160];

	snprintf(what, sizeof(what), "a broken file, '%.60s'", key);
	vectors_fail(current, what, expected, "nothing of the kind");
	longjmp(broken_case, 1);
}

json_t *vectors_need(json_t *of, const char *key)
{
	json_t *value = json_object_get(of, key);

	if (!value)
		vectors_broken(key, "a value");
	return value;
}

int64_t vectors_need_int(json_t *of, const char *key)
{
	if (!json_is_integer(vectors_need(of, key)))
		vectors_broken(key, "a whole number");
	return json_integer_value(json_object_get(of, key));
}

const char *vectors_need_text(json_t *of, const char *key)
{
	if (!json_is_string(vectors_need(of, key)))
		vectors_broken(key, "text");
	return json_string_value(json_object_get(of, key));
}

static bool absent(json_t *of, const char *key)
{
	json_t *value = json_object_get(of, key);

	return !value || json_is_null(value);
}

int64_t vectors_get_int(json_t *of, const char *key, int64_t otherwise)
{
	return absent(of, key) ? otherwise : vectors_need_int(of, key);
}

const char *vectors_get_text(json_t *of, const char *key)
{
	return absent(of, key) ? NULL : vectors_need_text(of, key);
}

double vectors_get_double(json_t *of, const char *key, double otherwise)
{
	if (absent(of, key))
		return otherwise;
	if (!json_is_number(json_object_get(of, key)))
		vectors_broken(key, "a number");
	return json_number_value(json_object_get(of, key));
}

unsigned vectors_word(json_t *of, const char *key, const char *const *words, size_t n)
{
	const char *text = vectors_need_text(of, key);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(text, words[i]))
			return i;
	vectors_broken(key, "a word that is known here");
}

/* --- running ------------------------------------------------------------------------------------ */

struct suite {
	const char *name;
	void (*run)(struct vectors_case *);
};

static const struct suite suites[] = {
#define X(suite) {#suite, suite_##suite},
	VECTORS_SUITES(X)
#undef X
};

#define SUITES (sizeof(suites) / sizeof(suites[0]))
#define REASONS 16 /* different reasons to count a case apart: a handful are flagged */

struct tally {
	unsigned passed, failed;
	size_t n_reasons;
	struct {
		const char *text;
		unsigned n;
	} reason[REASONS];
};

static void count_apart(struct tally *t, const char *reason)
{
	size_t i = 0;

	while (i < t->n_reasons && strcmp(t->reason[i].text, reason) != 0)
		i++;
	if (i == REASONS) {
		fprintf(stderr, "plimsoll-vectors: more than %d reasons to count cases apart\n", REASONS);
		exit(2);
	}
	t->reason[i].text = reason;
	t->reason[i].n++;
	t->n_reasons += i == t->n_reasons;
}

static const struct suite *find_suite(const char *file, json_t *root)
{
	const char *name = json_string_value(json_object_get(root, "suite"));

	for (size_t i = 0; name && i < SUITES; i++)
		if (!strcmp(suites[i].name, name))
			return &suites[i];
	fprintf(stderr, "plimsoll-vectors: %s: %s '%s'\n  known:", file,
		name ? "no such suite" : "its 'suite' is missing", name ? name : "");
	for (size_t i = 0; i < SUITES; i++)
		fprintf(stderr, " %s", suites[i].name);
	fprintf(stderr, "\n");
	return NULL;
}

static void run_case(const struct suite *s, struct vectors_case *c, struct tally *t)
{
	current = c;
	if (!c->name)
		c->name = "(without a name)";
	if (setjmp(broken_case) == 0) {
		if (!json_is_object(c->in) || !json_is_object(c->out))
			vectors_broken("in or out", "an object");
		s->run(c);
	}
	if (c->failed)
		t->failed++;
	else if (c->apart)
		count_apart(t, c->apart);
	else
		t->passed++;
}

static int run_file(const char *file, struct tally *t)
{
	json_t *root = vectors_file_load(file), *cases = json_object_get(root, "cases"), *one;
	const struct suite *s = root ? find_suite(file, root) : NULL;
	unsigned passed = t->passed, failed = t->failed;
	size_t i;

	if (s && !json_array_size(cases))
		fprintf(stderr, "plimsoll-vectors: %s: its 'cases' are missing or none\n", file);
	if (!s || !json_array_size(cases)) {
		json_decref(root);
		return -1;
	}
	json_array_foreach(cases, i, one)
	{
		struct vectors_case c = {.file = file,
					 .name = json_string_value(json_object_get(one, "name")),
					 .in = json_object_get(one, "in"),
					 .out = json_object_get(one, "out")};

		run_case(s, &c, t);
	}
	printf("%s: %s: %u passed, %u failed of %zu\n", file, s->name, t->passed - passed,
	       t->failed - failed, json_array_size(cases));
	json_decref(root);
	return 0;
}

int main(int argc, char **argv)
{
	struct tally t = {0};
	int bad = 0;

	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: plimsoll-vectors FILE...\n"
				"Decides recorded Kubernetes cases again; FILE is JSON, plain or gzipped.\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		bad |= run_file(argv[i], &t) < 0;
	for (size_t i = 0; i < t.n_reasons; i++)
		printf("apart: %u: %s\n", t.reason[i].n, t.reason[i].text);
	printf("%u passed, %u failed\n", t.passed, t.failed);
	return bad ? 2 : t.failed > 0;
}
