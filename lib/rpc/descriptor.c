/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/descriptor.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_NESTING 32 /* messages in messages; protoc itself stops there */

struct field { /* one length-delimited field; others are skipped */
	uint32_t number;
	struct rpc_span value;
};

static bool varint(struct rpc_span *in, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64 && in->n; shift += 7) {
		uint8_t byte = *in->p++;

		in->n--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct rpc_span *in, uint64_t n)
{
	if (n > in->n)
		return false;
	in->p += n;
	in->n -= (size_t)n;
	return true;
}

/* The next length-delimited field of `in`; false at its end or where it is damaged. */
static bool next_field(struct rpc_span *in, struct field *ret)
{
	uint64_t key, value;

	while (in->n && varint(in, &key)) {
		switch (key & 7) {
		case 0:
			if (!varint(in, &value))
				return false;
			break;
		case 1:
			if (!skip(in, 8))
				return false;
			break;
		case 2:
			if (!varint(in, &value) || value > in->n)
				return false;
			ret->number = (uint32_t)(key >> 3);
			ret->value = (struct rpc_span){ in->p, (size_t)value };
			return skip(in, value);
		case 5:
			if (!skip(in, 4))
				return false;
			break;
		default:
			return false;
		}
	}
	return false;
}

static char *text_of(struct rpc_span s)
{
	return mem_printf("%.*s", (int)s.n, (const char *)s.p);
}

/* The first field `number` as text, "" when there is none. */
static char *text_field(struct rpc_span in, uint32_t number)
{
	struct field f;

	while (next_field(&in, &f))
		if (f.number == number)
			return text_of(f.value);
	return mem_strdup("");
}

static char *add_symbol(struct rpc_descriptors *d, const char *scope, struct rpc_span declaration,
			bool message)
{
	char *name = text_field(declaration, 1); /* `name` is 1 in every kind of declaration */
	char *full = *scope ? mem_printf("%s.%s", scope, name) : mem_strdup(name);

	free(name);
	d->symbols = mem_array(d->symbols, d->n_symbols + 1, sizeof(d->symbols[0]));
	d->symbols[d->n_symbols++] = (struct rpc_descriptor_symbol){
		.name = full, .file = d->n_files - 1, .message = message
	};
	return full;
}

/* EnumDescriptorProto: value = 2. The values stand beside the enum, as in C. */
static void add_enum(struct rpc_descriptors *d, const char *scope, struct rpc_span in)
{
	struct field f;

	add_symbol(d, scope, in, false);
	while (next_field(&in, &f))
		if (f.number == 2)
			add_symbol(d, scope, f.value, false);
}

/* DescriptorProto: field = 2, nested_type = 3, enum_type = 4, oneof_decl = 8. */
static void add_message(struct rpc_descriptors *d, const char *scope, struct rpc_span in, int depth)
{
	/* Array growth moves symbols[], not the names. */
	const char *name = add_symbol(d, scope, in, true);
	struct field f;

	while (depth < MAX_NESTING && next_field(&in, &f)) {
		if (f.number == 2 || f.number == 8)
			add_symbol(d, name, f.value, false);
		else if (f.number == 3)
			add_message(d, name, f.value, depth + 1);
		else if (f.number == 4)
			add_enum(d, name, f.value);
	}
}

/* ServiceDescriptorProto: method = 2. */
static void add_service(struct rpc_descriptors *d, const char *scope, struct rpc_span in)
{
	const char *name = add_symbol(d, scope, in, false);
	struct field f;

	while (next_field(&in, &f))
		if (f.number == 2)
			add_symbol(d, name, f.value, false);
}

static void add_import(struct rpc_descriptor_file *file, struct rpc_span name)
{
	file->imports = mem_array(file->imports, file->n_imports + 1, sizeof(file->imports[0]));
	file->imports[file->n_imports++] = text_of(name);
}

/* FileDescriptorProto: name = 1, package = 2, dependency = 3, message_type = 4, enum_type = 5,
 * service = 6. */
static void add_file(struct rpc_descriptors *d, struct rpc_span in)
{
	struct rpc_descriptor_file *file;
	struct field f;

	d->files = mem_array(d->files, d->n_files + 1, sizeof(d->files[0]));
	file = &d->files[d->n_files++];
	*file = (struct rpc_descriptor_file){ .name = text_field(in, 1),
					      .package = text_field(in, 2),
					      .bytes = in };
	while (next_field(&in, &f)) {
		if (f.number == 3)
			add_import(file, f.value);
		else if (f.number == 4)
			add_message(d, file->package, f.value, 0);
		else if (f.number == 5)
			add_enum(d, file->package, f.value);
		else if (f.number == 6)
			add_service(d, file->package, f.value);
	}
}

static int by_name(const void *a, const void *b)
{
	const struct rpc_descriptor_symbol *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int name_of(const void *key, const void *member)
{
	const struct rpc_descriptor_symbol *s = member;

	return strcmp(key, s->name);
}

void rpc_descriptors_init(struct rpc_descriptors *d, struct rpc_span set)
{
	struct field f;

	*d = (struct rpc_descriptors){ 0 };
	while (next_field(&set, &f))
		if (f.number == 1)
			add_file(d, f.value);
	if (d->n_symbols)
		qsort(d->symbols, d->n_symbols, sizeof(d->symbols[0]), by_name);
}

void rpc_descriptors_done(struct rpc_descriptors *d)
{
	for (size_t i = 0; i < d->n_files; i++) {
		for (size_t j = 0; j < d->files[i].n_imports; j++)
			free(d->files[i].imports[j]);
		free(d->files[i].imports);
		free(d->files[i].name);
		free(d->files[i].package);
	}
	for (size_t i = 0; i < d->n_symbols; i++)
		free(d->symbols[i].name);
	free(d->files);
	free(d->symbols);
	*d = (struct rpc_descriptors){ 0 };
}

const struct rpc_descriptor_symbol *rpc_descriptors_symbol(const struct rpc_descriptors *d,
							   const char *name)
{
	if (!d->n_symbols)
		return NULL;
	return bsearch(name, d->symbols, d->n_symbols, sizeof(d->symbols[0]), name_of);
}

size_t rpc_descriptors_file(const struct rpc_descriptors *d, const char *name)
{
	size_t i = 0;

	while (i < d->n_files && strcmp(d->files[i].name, name) != 0)
		i++;
	return i;
}
