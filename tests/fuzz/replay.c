/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target without a fuzzer: every seed file given (or in a directory given), the empty
 * input, then MUTATIONS inputs made from the seeds by a fixed generator: the same ones on every
 * machine. The input in work lies in <program>.input until all have passed; after a crash
 * `<program> <program>.input` repeats it.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <fcntl.h>
#include <unistd.h>

#define MUTATIONS 3000
#define MAX_SECONDS 2    /* slow parsers under slow sanitizers get fewer mutations */
#define MAX_SEEDS 512
#define MAX_SEED (1 << 20)
#define MAX_MUTANT 16384 /* of a mutation; what breaks a parser is seldom long */
#define MAX_EDITS 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seed {
	uint8_t *bytes;
	size_t size;
};

static struct seed seeds[MAX_SEEDS];
static size_t n_seeds;
static int journal = -1;

static uint64_t random_next(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15ull; /* xorshift64, Marsaglia 2003; any odd start will do */

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static size_t random_below(size_t n)
{
	return n ? (size_t)(random_next() % n) : 0;
}

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* In memory of exactly its size: a sanitizer sees every byte read beyond it. */
static void run(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		die("malloc");
	if (size)
		memcpy(exact, bytes, size);
	if (ftruncate(journal, 0) || pwrite(journal, exact, size, 0) != (ssize_t)size)
		die("input file");
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
}

static void add_seed(const char *path)
{
	FILE *f = fopen(path, "re");
	struct seed s = { malloc(MAX_SEED), 0 };

	if (!f || !s.bytes || n_seeds == MAX_SEEDS)
		die(path);
	s.size = fread(s.bytes, 1, MAX_SEED, f);
	fclose(f);
	seeds[n_seeds++] = s;
}

/* Sorted: readdir's order is the file system's secret, the mutations must not depend on it. */
static void add_folder(const char *path)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);

	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			add_seed(file);
		free(names[i]);
	}
	free(names);
}

static void add(const char *path)
{
	struct stat s;

	if (stat(path, &s))
		die(path);
	if (S_ISDIR(s.st_mode))
		add_folder(path);
	else
		add_seed(path);
}

static size_t cut(uint8_t *b, size_t n)
{
	size_t from = random_below(n), gone = random_below(n - from) + 1;

	if (!n)
		return 0;
	memmove(b + from, b + from + gone, n - from - gone);
	return n - gone;
}

/* Copies a piece of another seed, or of this one, into the middle. */
static size_t paste(uint8_t *b, size_t n)
{
	const struct seed *from = &seeds[random_below(n_seeds)];
	size_t start = random_below(from->size), at = random_below(n + 1);
	size_t more = random_below(from->size - start + 1);

	if (more > MAX_MUTANT - n)
		more = MAX_MUTANT - n;
	memmove(b + at + more, b + at, n - at);
	if (more)
		memcpy(b + at, from->bytes + start, more);
	return n + more;
}

static size_t edit(uint8_t *b, size_t n)
{
	static const uint8_t nasty[] = { 0x00, 0xff, 0x7f, 0x80, '\n', '"', '/', '%', ':', '-', '0', '9' };

	if (!n)
		return paste(b, n);
	switch (random_below(5)) {
	case 0:
		b[random_below(n)] ^= (uint8_t)(1u << random_below(8));
		return n;
	case 1:
		b[random_below(n)] = (uint8_t)random_next();
		return n;
	case 2:
		b[random_below(n)] = nasty[random_below(sizeof(nasty))];
		return n;
	case 3:
		return cut(b, n);
	default:
		return paste(b, n);
	}
}

static void mutate(void)
{
	static uint8_t b[MAX_MUTANT];
	const struct seed *s = &seeds[random_below(n_seeds)];
	size_t n = s->size < MAX_MUTANT ? s->size : MAX_MUTANT;

	if (n)
		memcpy(b, s->bytes, n);
	for (size_t i = random_below(MAX_EDITS) + 1; i; i--)
		n = edit(b, n);
	run(b, n);
}

int main(int argc, char **argv)
{
	char path[4096];
	time_t end = time(NULL) + MAX_SECONDS;
	int done = 0;

	snprintf(path, sizeof(path), "%s.input", argv[0]);
	for (int i = 1; i < argc; i++)
		add(argv[i]); /* before the file is made anew: it may be the one to repeat */
	journal = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (journal < 0)
		die(path);
	run(NULL, 0);
	for (size_t i = 0; i < n_seeds; i++)
		run(seeds[i].bytes, seeds[i].size);
	while (n_seeds && done < MUTATIONS && time(NULL) <= end) {
		mutate();
		done++;
	}
	unlink(path);
	printf("%zu seeds, %d mutations\n", n_seeds, done);
	for (size_t i = 0; i < n_seeds; i++)
		free(seeds[i].bytes);
	return n_seeds ? 0 : 1; /* a target without seeds tests next to nothing */
}
