/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/types.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"

#define TYPES_MAX (4u << 20) /* the kernel's own limit is BTF_MAX_TYPE, a quarter of it */
#define ITERATOR  "bpf_iter_" /* of functions only these have names that anybody asks for */

struct extract {
	const char *types, *names;
	size_t types_bytes, names_bytes;
	uint32_t *at;   /* where a type is, by number; 0 is void */
	uint32_t n;
	uint32_t *there; /* its number in what comes of it, by number; 0: does not come along */
	uint32_t *queue; /* those that come along, in their order there */
	uint32_t queued;
	struct buf out_types, out_names;
};

static void extract_done(struct extract *x)
{
	free(x->at);
	free(x->there);
	free(x->queue);
	buf_done(&x->out_types);
	buf_done(&x->out_names);
}

/* What follows the head of a type. -1: we do not know. */
static long tail_bytes(const struct btf_type *t)
{
	long members = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return members * (long)sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return members * (long)sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return members * (long)sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return members * (long)sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return members * (long)sizeof(struct btf_var_secinfo);
	default:
		return -1;
	}
}

static const struct btf_type *type_of(const struct extract *x, uint32_t id)
{
	return (const void *)(x->types + x->at[id]);
}

static const char *name_of(const struct extract *x, uint32_t offset)
{
	return offset < x->names_bytes ? x->names + offset : "";
}

/* Sections are multiples of four bytes, and so are all types. */
static int open_sections(struct extract *x, const char *btf, size_t bytes)
{
	const struct btf_header *h = (const void *)btf;
	size_t types_at, names_at;

	if (bytes < sizeof(*h) || h->magic != BTF_MAGIC)
		return -EBADMSG;
	types_at = (size_t)h->hdr_len + h->type_off;
	names_at = (size_t)h->hdr_len + h->str_off;
	if (types_at % 4 || types_at + h->type_len > bytes || !h->str_len || names_at + h->str_len > bytes ||
	    btf[names_at] || btf[names_at + h->str_len - 1])
		return -EBADMSG;
	x->types = btf + types_at;
	x->types_bytes = h->type_len;
	x->names = btf + names_at;
	x->names_bytes = h->str_len;
	return 0;
}

static int find_types(struct extract *x)
{
	uint32_t room = (uint32_t)(x->types_bytes / sizeof(struct btf_type)) + 1;

	if (room > TYPES_MAX)
		return -EBADMSG;
	x->at = mem_array(NULL, room, sizeof(*x->at));
	x->n = 1;
	for (size_t at = 0; at < x->types_bytes;) {
		const struct btf_type *t = (const void *)(x->types + at);
		long tail = at + sizeof(*t) <= x->types_bytes ? tail_bytes(t) : -1;

		if (tail < 0 || at + sizeof(*t) + (size_t)tail > x->types_bytes)
			return -EBADMSG;
		x->at[x->n++] = (uint32_t)at;
		at += sizeof(*t) + (size_t)tail;
	}
	x->there = calloc(x->n, sizeof(*x->there));
	x->queue = mem_array(NULL, x->n, sizeof(*x->queue));
	return x->there ? 0 : -ENOMEM;
}

/* Its number there. */
static uint32_t bring(struct extract *x, uint32_t id)
{
	if (!id || id >= x->n)
		return 0;
	if (!x->there[id]) {
		x->queue[x->queued] = id;
		x->there[id] = ++x->queued;
	}
	return x->there[id];
}

static bool has_name(const struct extract *x, const struct btf_type *t, uint32_t kind)
{
	switch (kind) {
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_TYPEDEF:
		return t->name_off != 0;
	case BTF_KIND_FUNC:
		return strncmp(name_of(x, t->name_off), ITERATOR, strlen(ITERATOR)) == 0;
	default:
		return false;
	}
}

static void find_names(struct extract *x, const struct strmap *names)
{
	for (uint32_t id = 1; id < x->n; id++) {
		const struct btf_type *t = type_of(x, id);
		uint32_t kind = BTF_INFO_KIND(t->info);
		struct types_name *name = has_name(x, t, kind) ? strmap_get(names, name_of(x, t->name_off)) : NULL;

		if (!name)
			continue;
		if (name->kind == kind && !name->id)
			name->id = id;
		if (kind != BTF_KIND_FUNC)
			bring(x, id);
	}
}

static uint32_t bring_name(struct extract *x, uint32_t offset)
{
	const char *name = name_of(x, offset);
	uint32_t there = (uint32_t)x->out_names.size;

	if (!name[0])
		return 0;
	buf_add(&x->out_names, name, strlen(name) + 1);
	return there;
}

static void copy_members(struct extract *x, const struct btf_type *t)
{
	const struct btf_member *members = (const void *)(t + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		struct btf_member m = members[i];

		m.name_off = bring_name(x, m.name_off);
		m.type = bring(x, m.type);
		buf_add(&x->out_types, &m, sizeof(m));
	}
}

/* Each begins with its name. */
static void copy_constants(struct extract *x, const struct btf_type *t, size_t each)
{
	const char *constants = (const void *)(t + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(t->info); i++) {
		struct btf_enum64 c;

		memcpy(&c, constants + i * each, each);
		c.name_off = bring_name(x, c.name_off);
		buf_add(&x->out_types, &c, each);
	}
}

static void copy_array(struct extract *x, const struct btf_type *t)
{
	struct btf_array a = *(const struct btf_array *)(t + 1);

	a.type = bring(x, a.type);
	a.index_type = bring(x, a.index_type);
	buf_add(&x->out_types, &a, sizeof(a));
}

static void copy_tail(struct extract *x, const struct btf_type *t, uint32_t kind)
{
	if (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION)
		copy_members(x, t);
	else if (kind == BTF_KIND_ENUM)
		copy_constants(x, t, sizeof(struct btf_enum));
	else if (kind == BTF_KIND_ENUM64)
		copy_constants(x, t, sizeof(struct btf_enum64));
	else if (kind == BTF_KIND_ARRAY)
		copy_array(x, t);
	else if (kind == BTF_KIND_INT)
		buf_add(&x->out_types, t + 1, sizeof(uint32_t));
}

/* Pointers, and what nobody holds by value, become pointers to nothing. */
static void copy_type(struct extract *x, const struct btf_type *t)
{
	const struct btf_type pointer = {.info = (uint32_t)BTF_KIND_PTR << 24};
	uint32_t kind = BTF_INFO_KIND(t->info);
	struct btf_type head = *t;

	switch (kind) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_ARRAY:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD:
		break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		head.type = bring(x, t->type);
		break;
	default:
		buf_add(&x->out_types, &pointer, sizeof(pointer));
		return;
	}
	head.name_off = bring_name(x, t->name_off);
	buf_add(&x->out_types, &head, sizeof(head));
	copy_tail(x, t, kind);
}

static void put_together(struct extract *x, struct buf *ret)
{
	struct btf_header h = {.magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h)};

	h.type_len = h.str_off = (uint32_t)x->out_types.size;
	h.str_len = (uint32_t)x->out_names.size;
	buf_add(ret, &h, sizeof(h));
	buf_add(ret, x->out_types.data, x->out_types.size);
	buf_add(ret, x->out_names.data, x->out_names.size);
}

int types_extract(const void *btf, size_t bytes, const struct strmap *names, struct buf *ret)
{
	scoped(extract_done) struct extract x = {0};
	int r = open_sections(&x, btf, bytes);

	if (r == 0)
		r = find_types(&x);
	if (r < 0)
		return r;
	find_names(&x, names);
	buf_add(&x.out_names, "", 1); /* the first name is none */
	for (uint32_t i = 0; i < x.queued; i++)
		copy_type(&x, type_of(&x, x.queue[i]));
	put_together(&x, ret);
	return 0;
}
