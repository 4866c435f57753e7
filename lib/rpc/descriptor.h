/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside lib/rpc: what a FileDescriptorSet declares: every message, field, oneof, enum, enum value,
 * service and method by its full name, and every file with its imports. It reads the bytes itself:
 * the answer of server reflection is these very bytes, so nothing need be decoded into structs.
 */
#ifndef RPC_DESCRIPTOR_H
#define RPC_DESCRIPTOR_H

#include "rpc/rpc.h"

struct rpc_descriptor_file {
	char *name;             /* "plimsoll/v1/metrics.proto" */
	char *package;          /* "plimsoll.v1" or "" */
	struct rpc_span bytes;  /* its FileDescriptorProto, inside the set */
	char **imports;
	size_t n_imports;
};

struct rpc_descriptor_symbol {
	char *name; /* "plimsoll.v1.Batch.epoch" */
	size_t file;
	bool message;
};

struct rpc_descriptors {
	struct rpc_descriptor_file *files;
	size_t n_files;
	struct rpc_descriptor_symbol *symbols; /* sorted */
	size_t n_symbols;
};

/* Borrows `set`, which must outlive it. Damaged bytes end the walk where they are met: what came
 * before stays, nothing outside the span is read. */
void rpc_descriptors_init(struct rpc_descriptors *d, struct rpc_span set);
void rpc_descriptors_done(struct rpc_descriptors *d);
const struct rpc_descriptor_symbol *rpc_descriptors_symbol(const struct rpc_descriptors *d,
							   const char *name);
/* n_files: there is none of that name. */
size_t rpc_descriptors_file(const struct rpc_descriptors *d, const char *name);

#endif
