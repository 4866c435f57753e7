/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/reflection.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/scope.h"
#include "rpc/descriptor.h"
#include "rpc/server.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request;
typedef Grpc__Reflection__V1__ServerReflectionResponse response;
typedef Grpc__Reflection__V1__ServiceResponse service_response;
#define ASKS(name)    GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWERS(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

struct rpc_reflection {
	struct rpc_descriptors descriptors;
	service_response *services; /* the registered ones, sorted */
	service_response **list;
	size_t n_services;
};

struct reply {
	void (*send)(const response *a, void *data);
	void *data;
	response message;
};

static void send_error(struct reply *to, const char *what, const char *name)
{
	Grpc__Reflection__V1__ErrorResponse error = GRPC__REFLECTION__V1__ERROR_RESPONSE__INIT;
	scoped(freep) char *text = mem_printf("%s: %.200s", what, name);

	error.error_code = RPC_NOT_FOUND;
	error.error_message = text;
	to->message.message_response_case = ANSWERS(ERROR_RESPONSE);
	to->message.error_response = &error;
	to->send(&to->message, to->data);
}

/* Marks `file` and what it imports, so that a client can build all of it from one answer. */
static size_t collect(const struct rpc_descriptors *d, size_t file, bool *seen,
		      ProtobufCBinaryData *files, size_t n)
{
	if (file >= d->n_files || seen[file])
		return n;
	seen[file] = true;
	files[n].data = (uint8_t *)(uintptr_t)d->files[file].bytes.p;
	files[n++].len = d->files[file].bytes.n;
	for (size_t i = 0; i < d->files[file].n_imports; i++)
		n = collect(d, rpc_descriptors_file(d, d->files[file].imports[i]), seen, files, n);
	return n;
}

static void send_file(struct reply *to, const struct rpc_descriptors *d, size_t file)
{
	Grpc__Reflection__V1__FileDescriptorResponse files =
		GRPC__REFLECTION__V1__FILE_DESCRIPTOR_RESPONSE__INIT;
	scoped(freep) bool *seen = mem_array(NULL, d->n_files, sizeof(bool));
	scoped(freep) ProtobufCBinaryData *list =
		mem_array(NULL, d->n_files, sizeof(ProtobufCBinaryData));

	memset(seen, 0, d->n_files * sizeof(bool));
	files.file_descriptor_proto = list;
	files.n_file_descriptor_proto = collect(d, file, seen, list, 0);
	to->message.message_response_case = ANSWERS(FILE_DESCRIPTOR_RESPONSE);
	to->message.file_descriptor_response = &files;
	to->send(&to->message, to->data);
}

static void by_filename(const struct rpc_reflection *r, const char *name, struct reply *to)
{
	size_t file = rpc_descriptors_file(&r->descriptors, name);

	if (file < r->descriptors.n_files)
		send_file(to, &r->descriptors, file);
	else
		send_error(to, "no such file", name);
}

static void by_symbol(const struct rpc_reflection *r, const char *name, struct reply *to)
{
	const struct rpc_descriptor_symbol *s = rpc_descriptors_symbol(&r->descriptors, name);

	if (s)
		send_file(to, &r->descriptors, s->file);
	else
		send_error(to, "no such symbol", name);
}

/* proto3 messages of ours have no extensions: a known type has an empty list. */
static void extension_numbers(const struct rpc_reflection *r, const char *type, struct reply *to)
{
	const struct rpc_descriptor_symbol *s = rpc_descriptors_symbol(&r->descriptors, type);
	Grpc__Reflection__V1__ExtensionNumberResponse numbers =
		GRPC__REFLECTION__V1__EXTENSION_NUMBER_RESPONSE__INIT;

	if (!s || !s->message) {
		send_error(to, "no such message type", type);
		return;
	}
	numbers.base_type_name = s->name;
	to->message.message_response_case = ANSWERS(ALL_EXTENSION_NUMBERS_RESPONSE);
	to->message.all_extension_numbers_response = &numbers;
	to->send(&to->message, to->data);
}

static void list_services(const struct rpc_reflection *r, struct reply *to)
{
	Grpc__Reflection__V1__ListServiceResponse list =
		GRPC__REFLECTION__V1__LIST_SERVICE_RESPONSE__INIT;

	list.service = r->list;
	list.n_service = r->n_services;
	to->message.message_response_case = ANSWERS(LIST_SERVICES_RESPONSE);
	to->message.list_services_response = &list;
	to->send(&to->message, to->data);
}

void rpc_reflection_answer(const struct rpc_reflection *r, const request *q,
			   void (*send)(const response *a, void *data), void *data)
{
	struct reply to = { send, data, GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT };

	to.message.valid_host = q->host;
	to.message.original_request = (request *)(uintptr_t)q;
	switch ((int)q->message_request_case) {
	case ASKS(FILE_BY_FILENAME):
		by_filename(r, q->file_by_filename, &to);
		break;
	case ASKS(FILE_CONTAINING_SYMBOL):
		by_symbol(r, q->file_containing_symbol, &to);
		break;
	case ASKS(FILE_CONTAINING_EXTENSION):
		send_error(&to, "no such extension of",
			   q->file_containing_extension->containing_type);
		break;
	case ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE):
		extension_numbers(r, q->all_extension_numbers_of_type, &to);
		break;
	case ASKS(LIST_SERVICES):
		list_services(r, &to);
		break;
	default:
		send_error(&to, "a request of no known kind", "");
	}
}

/* `methods` is sorted by path, so services come sorted and together. */
static void add_services(struct rpc_reflection *r, const struct rpc_method *const *methods, size_t n)
{
	r->services = mem_array(NULL, n + 1, sizeof(r->services[0]));
	r->list = mem_array(NULL, n + 1, sizeof(r->list[0]));
	for (size_t i = 0; i < n; i++) {
		const char *path = methods[i]->path + 1;
		size_t size = strcspn(path, "/");
		service_response *s = &r->services[r->n_services];

		if (r->n_services && strlen(s[-1].name) == size &&
		    memcmp(s[-1].name, path, size) == 0)
			continue;
		grpc__reflection__v1__service_response__init(s);
		s->name = mem_printf("%.*s", (int)size, path);
		r->list[r->n_services++] = s;
	}
}

struct rpc_reflection *rpc_reflection_new(struct rpc_span set,
					  const struct rpc_method *const *methods, size_t n)
{
	struct rpc_reflection *r = mem_new(struct rpc_reflection);

	rpc_descriptors_init(&r->descriptors, set);
	add_services(r, methods, n);
	return r;
}

void rpc_reflection_free(struct rpc_reflection *r)
{
	if (!r)
		return;
	rpc_descriptors_done(&r->descriptors);
	for (size_t i = 0; i < r->n_services; i++)
		free(r->services[i].name);
	free(r->services);
	free(r->list);
	free(r);
}

static void send_answer(const response *a, void *data)
{
	/* A client that asks faster than it reads ends its own stream. */
	if (rpc_send(data, &a->base) < 0)
		rpc_finish(data, RPC_EXHAUSTED, "answers are not being read", "read them");
}

static void asked(struct rpc_call *c, struct rpc_msg *m)
{
	rpc_reflection_answer(rpc_call_server(c)->reflection, (const request *)rpc_msg_get(m),
			      send_answer, c);
}

static void asked_all(struct rpc_call *c)
{
	rpc_finish(c, RPC_OK, NULL, NULL);
}

static const struct rpc_handler handler = { .message = asked, .half_closed = asked_all };

#define REQUEST	 &grpc__reflection__v1__server_reflection_request__descriptor
#define RESPONSE &grpc__reflection__v1__server_reflection_response__descriptor

const struct rpc_method rpc_reflection_methods[RPC_REFLECTION_METHODS] = {
	{ "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", RPC_BIDI, REQUEST, RESPONSE,
	  &handler, 0 },
	{ "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", RPC_BIDI, REQUEST,
	  RESPONSE, &handler, 0 },
};
