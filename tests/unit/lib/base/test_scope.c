/* SPDX-License-Identifier: Apache-2.0 */
/* The ground the rest stands on: scope.h, mem.h and obj.h. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/obj.h"
#include "base/sanitizer.h"
#include "base/scope.h"

#define BOAT_MAGIC 0xb0a7u

struct boat {
	unsigned magic;
	int *sunk;
};

static void boat_free(struct boat *b)
{
	(*b->sunk)++;
	b->magic = 0;
	free(b);
}
scope_define(struct boat, boat_free)

static struct boat *boat_new(int *sunk)
{
	struct boat *b = mem_new(struct boat);

	b->magic = BOAT_MAGIC;
	b->sunk = sunk;
	return b;
}

static void scopes_release(void **state)
{
	(void)state;
	int sunk = 0;
	struct boat *kept;

	{
		scoped(boat_freep) struct boat *b = boat_new(&sunk);
		scoped(boat_freep) struct boat *none = NULL;
		scoped(boat_freep) struct boat *taken = boat_new(&sunk);

		(void)none;
		assert_int_equal(b->magic, BOAT_MAGIC);
		kept = take(taken);
		assert_null(taken);
	}
	assert_int_equal(sunk, 1);
	boat_free(kept);
	assert_int_equal(sunk, 2);
}

static void descriptors_are_closed(void **state)
{
	(void)state;
	int copy, kept;

	{
		scoped(closep) int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		scoped(closep) int taken = open("/dev/null", O_RDONLY | O_CLOEXEC);

		copy = fd;
		kept = take_fd(taken);
		assert_int_equal(taken, -1);
	}
	assert_int_equal(fcntl(copy, F_GETFD), -1);
	assert_int_not_equal(fcntl(kept, F_GETFD), -1);
	close(kept);
}

static void memory(void **state)
{
	(void)state;
	scoped(freep) char *zero = mem_zero(100), *none = mem_zero(0), *text = mem_printf("%d%%", 7);
	scoped(freep) uint32_t *array = mem_array(NULL, 3, sizeof(*array));

	for (int i = 0; i < 100; i++)
		assert_int_equal(zero[i], 0);
	assert_non_null(none);
	assert_string_equal(text, "7%");
	assert_null(mem_strdup(NULL));
	array[2] = 9;
	array = mem_array(array, 1000, sizeof(*array));
	assert_int_equal(array[2], 9);
}

/* The signal that ends a child which runs `f`. */
static int death_of(void (*f)(void))
{
	int status = 0;
	pid_t child = fork();

	if (!child) {
		const struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL); /* cmocka and sanitizers have handlers of their own */
		close(STDERR_FILENO);
		f();
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void cast_a_wrong_object(void)
{
	int sunk = 0;
	void *data = &(struct boat){ 0xbad, &sunk };
	struct boat *b = obj_cast(struct boat, data, BOAT_MAGIC);

	_exit(b->magic == 0xbad ? 1 : 2);
}

static void cast_nothing(void)
{
	void *data = NULL;

	_exit((int)obj_cast(struct boat, data, BOAT_MAGIC)->magic);
}

static void cast_a_right_object(void)
{
	int sunk = 0;
	void *data = &(struct boat){ BOAT_MAGIC, &sunk };

	must(obj_cast(struct boat, data, BOAT_MAGIC)->sunk == &sunk);
}

static void overflow(void)
{
	free(mem_array(NULL, SIZE_MAX / 2, 4));
}

static void impossible_things_stop_the_process(void **state)
{
	(void)state;
	assert_int_equal(death_of(cast_a_right_object), 0);
	assert_int_equal(death_of(cast_a_wrong_object), SIGABRT);
	assert_int_equal(death_of(cast_nothing), SIGABRT);
}

static void memory_that_cannot_be_had_stops_it(void **state)
{
	(void)state;
#if SANITIZER
	skip(); /* a sanitizer ends the process itself, in its own way */
#endif
	assert_int_equal(death_of(overflow), SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scopes_release),
		cmocka_unit_test(descriptors_are_closed),
		cmocka_unit_test(memory),
		cmocka_unit_test(impossible_things_stop_the_process),
		cmocka_unit_test(memory_that_cannot_be_had_stops_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
