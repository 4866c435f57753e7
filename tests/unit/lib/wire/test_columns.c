/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "plimsoll/loss.h"
#include "wire/columns.h"

static const char *const names[SIGNALS] = {
#define SIGNAL(ID, name, ...) [SIGNAL_##ID] = #name,
#include "plimsoll/signals.def"
};

/* The table and metrics.proto are two lists of the same names; the compiler sees that each has the
 * other's, this that they are in the same place. */
static void each_signal_is_its_column(void **state)
{
	const ProtobufCMessageDescriptor *d = &plimsoll__v1__columns__descriptor;

	(void)state;
	for (int s = 0; s < SIGNALS; s++) {
		Plimsoll__V1__Columns c = PLIMSOLL__V1__COLUMNS__INIT;
		const ProtobufCFieldDescriptor *f =
			protobuf_c_message_descriptor_get_field_by_name(d, names[s]);

		assert_non_null(f);
		assert_int_equal(f->type, PROTOBUF_C_TYPE_UINT64);
		assert_ptr_equal(columns_length(&c, s), (char *)&c + f->quantifier_offset);
		assert_ptr_equal(columns_values(&c, s), (char *)&c + f->offset);
	}
}

static void every_column_has_a_signal(void **state)
{
	const ProtobufCMessageDescriptor *d = &plimsoll__v1__columns__descriptor;
	unsigned n = 0;

	(void)state;
	for (unsigned i = 0; i < d->n_fields; i++)
		n += d->fields[i].type == PROTOBUF_C_TYPE_UINT64;
	assert_int_equal(n, SIGNALS);
}

static void a_column_left_out_is_0(void **state)
{
	uint64_t values[] = {4, 5};
	Plimsoll__V1__Columns c = PLIMSOLL__V1__COLUMNS__INIT;

	(void)state;
	c.threads = values;
	c.n_threads = 2;
	assert_int_equal(columns_get(&c, SIGNAL_THREADS, 1), 5);
	assert_int_equal(columns_get(&c, SIGNAL_THREADS, 2), 0);
	assert_int_equal(columns_get(&c, SIGNAL_CPU_NS, 0), 0);
}

static void bits_of_missing_are_those_of_the_wire(void **state)
{
	(void)state;
	assert_int_equal(SIGNAL_NO_PSI, PLIMSOLL__V1__MISSING__MISSING_PSI);
#define GROUP(ID, bit, ...) assert_int_equal(bit, PLIMSOLL__V1__MISSING__MISSING_##ID);
#include "plimsoll/signals.def"
}

static void older_versions_had_fewer_groups(void **state)
{
	(void)state;
	assert_int_equal(columns_unknown(1, 0) & 0xf, 0);
	assert_int_equal(columns_unknown(1, 0) | 0xf, columns_tells());
	assert_int_equal(columns_unknown(2, 0),
			 SIGNAL_NO_OOM | SIGNAL_NO_REQUESTS | SIGNAL_NO_RESTARTS | SIGNAL_NO_CONNECTS | SIGNAL_NO_TURNS);
	assert_int_equal(columns_unknown(3, 0), SIGNAL_NO_RESTARTS | SIGNAL_NO_CONNECTS | SIGNAL_NO_TURNS);
}

static void a_batch_says_which_groups_it_knows(void **state)
{
	(void)state;
	assert_int_equal(columns_unknown(3, columns_tells()), 0);
	assert_int_equal(columns_unknown(3, columns_tells() | 1u << 31), 0); /* of a later one, more */
	assert_int_equal(columns_unknown(3, columns_tells() & ~(uint32_t)SIGNAL_NO_IO), SIGNAL_NO_IO);
}

/* The compiler sees that each has its field. */
static void every_loss_of_the_wire_is_in_the_table(void **state)
{
	(void)state;
	assert_int_equal(plimsoll__v1__losses__descriptor.n_fields, LOSSES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_signal_is_its_column),
		cmocka_unit_test(every_column_has_a_signal),
		cmocka_unit_test(a_column_left_out_is_0),
		cmocka_unit_test(bits_of_missing_are_those_of_the_wire),
		cmocka_unit_test(older_versions_had_fewer_groups),
		cmocka_unit_test(every_loss_of_the_wire_is_in_the_table),
		cmocka_unit_test(a_batch_says_which_groups_it_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
