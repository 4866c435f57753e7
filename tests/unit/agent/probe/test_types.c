/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/btf.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/probe/types.h"
#include "base/mem.h"
#include "base/scope.h"

#define OWN "/sys/kernel/btf/vmlinux"

static int extract(const struct btf *from, const struct strmap *names, struct btf **ret)
{
	scoped(buf_done) struct buf out = {0};
	uint32_t bytes;
	const void *raw = btf__raw_data(from, &bytes);
	int r = types_extract(raw, bytes, names, &out);

	if (r < 0)
		return r;
	*ret = btf__new(out.data, (uint32_t)out.size);
	assert_non_null(*ret);
	return 0;
}

/* A kernel of a few types:
 *   struct inner { char letter[3]; };
 *   struct outer { struct inner in; union { int a; const flags_t b; }; struct far *link; enum way way; enum64 long_way; };
 *   struct far { long unwanted; }; typedef unsigned flags_t; bpf_iter_outer(); other(); */
static struct btf *made(void)
{
	struct btf *b = btf__new_empty();
	int i = btf__add_int(b, "int", 4, BTF_INT_SIGNED), c = btf__add_int(b, "char", 1, 0);
	int letters = btf__add_array(b, i, c, 3), flags = btf__add_typedef(b, "flags_t", i);
	int konst = btf__add_const(b, flags), inner = btf__add_struct(b, "inner", 3), either, far, link, way, long_way;

	btf__add_field(b, "letter", letters, 0, 0);
	either = btf__add_union(b, NULL, 4);
	btf__add_field(b, "a", i, 0, 0);
	btf__add_field(b, "b", konst, 0, 0);
	far = btf__add_struct(b, "far", 8);
	btf__add_field(b, "unwanted", i, 0, 0);
	link = btf__add_ptr(b, far);
	way = btf__add_enum(b, "way", 4);
	btf__add_enum_value(b, "UP", 7);
	long_way = btf__add_enum64(b, "long_way", 8, false);
	btf__add_enum64_value(b, "FAR_UP", 1ull << 40);
	btf__add_struct(b, "outer", 32);
	btf__add_field(b, "in", inner, 0, 0);
	btf__add_field(b, NULL, either, 32, 0);
	btf__add_field(b, "link", link, 64, 0);
	btf__add_field(b, "way", way, 128, 0);
	btf__add_field(b, "long_way", long_way, 192, 0);
	btf__add_func(b, "bpf_iter_outer", BTF_FUNC_GLOBAL, btf__add_func_proto(b, i));
	btf__add_func(b, "other", BTF_FUNC_GLOBAL, btf__add_func_proto(b, i));
	return b;
}

static void assert_same_fields(const struct btf *a, const struct btf *b, const char *name)
{
	int32_t at_a = btf__find_by_name_kind(a, name, BTF_KIND_STRUCT), at_b = btf__find_by_name_kind(b, name, BTF_KIND_STRUCT);
	const struct btf_type *x, *y;

	assert_true(at_a > 0 && at_b > 0);
	x = btf__type_by_id(a, (uint32_t)at_a);
	y = btf__type_by_id(b, (uint32_t)at_b);
	assert_int_equal(x->size, y->size);
	assert_int_equal(btf_vlen(x), btf_vlen(y));
	assert_true(btf_vlen(x) > 0);
	for (uint32_t i = 0; i < btf_vlen(x); i++) {
		const struct btf_member *m = btf_members(x) + i, *n = btf_members(y) + i;

		assert_string_equal(btf__name_by_offset(a, m->name_off), btf__name_by_offset(b, n->name_off));
		assert_int_equal(btf_member_bit_offset(x, i), btf_member_bit_offset(y, i));
		assert_int_equal(btf_member_bitfield_size(x, i), btf_member_bitfield_size(y, i));
		assert_int_equal(btf__resolve_size(a, m->type), btf__resolve_size(b, n->type));
		assert_int_equal(btf_kind(btf__type_by_id(a, m->type)), btf_kind(btf__type_by_id(b, n->type)));
	}
}

static void what_is_held_by_value_comes_along(void **state)
{
	struct types_name outer = {.kind = BTF_KIND_STRUCT}, function = {.kind = BTF_KIND_FUNC}, other = {.kind = BTF_KIND_FUNC};
	scoped(strmap_freep) struct strmap *names = strmap_new();
	struct btf *b = made(), *part;
	const struct btf_type *way;

	(void)state;
	strmap_put(names, "outer", &outer);
	strmap_put(names, "bpf_iter_outer", &function);
	strmap_put(names, "other", &other);
	assert_int_equal(extract(b, names, &part), 0);
	assert_same_fields(b, part, "outer");
	assert_same_fields(b, part, "inner");
	assert_int_equal(outer.id, btf__find_by_name_kind(b, "outer", BTF_KIND_STRUCT));
	assert_int_equal(function.id, btf__find_by_name_kind(b, "bpf_iter_outer", BTF_KIND_FUNC));
	assert_int_equal(other.id, 0); /* of functions only iterators are looked for */
	way = btf__type_by_id(part, (uint32_t)btf__find_by_name_kind(part, "way", BTF_KIND_ENUM));
	assert_string_equal(btf__name_by_offset(part, btf_enum(way)->name_off), "UP");
	assert_int_equal(btf_enum(way)->val, 7);
	assert_true(btf__find_by_name_kind(part, "long_way", BTF_KIND_ENUM64) > 0);
	assert_true(btf__find_by_name_kind(part, "flags_t", BTF_KIND_TYPEDEF) > 0);
	btf__free(part);
	btf__free(b);
}

static void what_a_pointer_points_to_does_not(void **state)
{
	struct types_name outer = {.kind = BTF_KIND_STRUCT}, absent = {.kind = BTF_KIND_STRUCT}, kind = {.kind = BTF_KIND_UNION};
	scoped(strmap_freep) struct strmap *names = strmap_new();
	struct btf *b = made(), *part;

	(void)state;
	strmap_put(names, "outer", &outer);
	strmap_put(names, "nowhere", &absent);
	strmap_put(names, "inner", &kind);
	assert_int_equal(extract(b, names, &part), 0);
	assert_true(btf__find_by_name(part, "far") < 0);
	assert_int_equal(absent.id, 0);
	assert_int_equal(kind.id, 0); /* that name is of another kind, but … */
	assert_true(btf__find_by_name_kind(part, "inner", BTF_KIND_STRUCT) > 0); /* … comes along */
	btf__free(part);
	btf__free(b);
}

static void a_part_of_a_description_is_none(void **state)
{
	scoped(strmap_freep) struct strmap *names = strmap_new();
	struct btf *b = made();
	uint32_t bytes;
	const void *raw = btf__raw_data(b, &bytes);

	(void)state;
	for (uint32_t n = 0; n < bytes; n++) {
		scoped(buf_done) struct buf out = {0};
		scoped(freep) char *cut = mem_array(NULL, n + 1, 1); /* so that sanitizers see where it ends */

		memcpy(cut, raw, n);
		assert_int_equal(types_extract(cut, n, names, &out), -EBADMSG);
		assert_int_equal(out.size, 0);
	}
	btf__free(b);
}

static void this_kernel_is_read(void **state)
{
	static const char *const wanted[] = {"task_struct", "mem_cgroup", "tcp_sock", "cgroup"};
	scoped(strmap_freep) struct strmap *names = strmap_new();
	struct types_name of[4] = {{0}};
	struct btf *kernel = btf__parse(OWN, NULL), *part;

	(void)state;
	if (!kernel) {
		print_message("no " OWN ": this kernel does not describe itself\n");
		skip();
	}
	for (int i = 0; i < 4; i++) {
		of[i].kind = BTF_KIND_STRUCT;
		strmap_put(names, wanted[i], &of[i]);
	}
	assert_int_equal(extract(kernel, names, &part), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(of[i].id, btf__find_by_name_kind(kernel, wanted[i], BTF_KIND_STRUCT));
		assert_same_fields(kernel, part, wanted[i]);
	}
	assert_true(btf__type_cnt(part) < btf__type_cnt(kernel) / 10);
	btf__free(part);
	btf__free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_held_by_value_comes_along),
		cmocka_unit_test(what_a_pointer_points_to_does_not),
		cmocka_unit_test(a_part_of_a_description_is_none),
		cmocka_unit_test(this_kernel_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
