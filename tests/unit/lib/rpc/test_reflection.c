/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/descriptor.h"
#include "rpc/reflection.h"
#include "unit/lib/rpc/echo.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request;
typedef Grpc__Reflection__V1__ServerReflectionResponse response;
#define ASKS(name)    GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWERS(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static const struct rpc_method *const methods[] = {
	&echo_methods[REPORT],
	&echo_methods[SNAPSHOT],
	&echo_methods[WATCH],
};

static struct rpc_reflection *reflection(void)
{
	return rpc_reflection_new((struct rpc_span){ descriptors_bytes, descriptors_size }, methods,
				  3);
}

static void copy(const response *a, void *data)
{
	response **to = data;
	size_t n = protobuf_c_message_get_packed_size(&a->base);
	uint8_t *bytes = mem_zero(n);

	assert_null(*to);
	protobuf_c_message_pack(&a->base, bytes);
	*to = (response *)protobuf_c_message_unpack(a->base.descriptor, NULL, n, bytes);
	free(bytes);
}

static response *ask(int what, const char *text)
{
	struct rpc_reflection *r = reflection();
	Grpc__Reflection__V1__ExtensionRequest extension =
		GRPC__REFLECTION__V1__EXTENSION_REQUEST__INIT;
	request q = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
	response *a = NULL;

	q.host = (char *)"here";
	q.message_request_case = what;
	if (what == ASKS(FILE_CONTAINING_EXTENSION)) {
		extension.containing_type = (char *)text;
		q.file_containing_extension = &extension;
	} else {
		q.list_services = (char *)text; /* all others are strings in one union */
	}
	rpc_reflection_answer(r, &q, copy, &a);
	rpc_reflection_free(r);
	assert_non_null(a);
	assert_string_equal(a->valid_host, "here");
	assert_int_equal(a->original_request->message_request_case, what);
	return a;
}

static void done(response *a)
{
	grpc__reflection__v1__server_reflection_response__free_unpacked(a, NULL);
}

static bool finds(const char *symbol)
{
	response *a = ask(ASKS(FILE_CONTAINING_SYMBOL), symbol);
	bool found = a->message_response_case == ANSWERS(FILE_DESCRIPTOR_RESPONSE);

	if (!found) {
		assert_int_equal(a->message_response_case, ANSWERS(ERROR_RESPONSE));
		assert_int_equal(a->error_response->error_code, RPC_NOT_FOUND);
	}
	done(a);
	return found;
}

static void symbols_are_found_exactly(void **state)
{
	static const char *const there[] = {
		"plimsoll.v1.Metrics",	    "plimsoll.v1.Metrics.Watch",
		"plimsoll.v1.Batch",	    "plimsoll.v1.Batch.epoch",
		"plimsoll.v1.Kind",	    "plimsoll.v1.KIND_UNIT",
		"google.rpc.BadRequest.FieldViolation",
		"grpc.health.v1.HealthCheckResponse.ServingStatus",
		"grpc.health.v1.HealthCheckResponse.SERVING",
		"grpc.reflection.v1.ServerReflectionRequest.message_request",
	};
	static const char *const absent[] = {
		"", "plimsoll", "plimsoll.v1", "plimsoll.v1.", "plimsoll.v1.Batch.nosuch",
		"plimsoll.v1.Batc", "plimsoll.v1.Metrics.Watc", ".plimsoll.v1.Batch",
		"google.rpc.FieldViolation",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
		assert_true(finds(there[i]));
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_false(finds(absent[i]));
}

static void files_are_the_descriptor_bytes(void **state)
{
	response *a = ask(ASKS(FILE_BY_FILENAME), "plimsoll/v1/metrics.proto");
	struct rpc_descriptors d;

	(void)state;
	rpc_descriptors_init(&d, (struct rpc_span){ descriptors_bytes, descriptors_size });
	assert_int_equal(a->message_response_case, ANSWERS(FILE_DESCRIPTOR_RESPONSE));
	assert_int_equal(a->file_descriptor_response->n_file_descriptor_proto, 1);
	for (size_t i = 0; i < d.n_files; i++)
		if (strcmp(d.files[i].name, "plimsoll/v1/metrics.proto") == 0) {
			ProtobufCBinaryData b = a->file_descriptor_response->file_descriptor_proto[0];

			assert_int_equal(b.len, d.files[i].bytes.n);
			assert_memory_equal(b.data, d.files[i].bytes.p, b.len);
		}
	rpc_descriptors_done(&d);
	done(a);
	a = ask(ASKS(FILE_BY_FILENAME), "plimsoll/v1/nothing.proto");
	assert_int_equal(a->message_response_case, ANSWERS(ERROR_RESPONSE));
	done(a);
}

static void services_are_the_registered_ones(void **state)
{
	response *a = ask(ASKS(LIST_SERVICES), "*");

	(void)state;
	assert_int_equal(a->message_response_case, ANSWERS(LIST_SERVICES_RESPONSE));
	assert_int_equal(a->list_services_response->n_service, 2);
	assert_string_equal(a->list_services_response->service[0]->name, "plimsoll.v1.Ingest");
	assert_string_equal(a->list_services_response->service[1]->name, "plimsoll.v1.Metrics");
	done(a);
}

static void there_are_no_extensions(void **state)
{
	response *a = ask(ASKS(FILE_CONTAINING_EXTENSION), "plimsoll.v1.Batch");

	(void)state;
	assert_int_equal(a->message_response_case, ANSWERS(ERROR_RESPONSE));
	done(a);
	a = ask(ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE), "plimsoll.v1.Batch");
	assert_int_equal(a->message_response_case, ANSWERS(ALL_EXTENSION_NUMBERS_RESPONSE));
	assert_string_equal(a->all_extension_numbers_response->base_type_name, "plimsoll.v1.Batch");
	assert_int_equal(a->all_extension_numbers_response->n_extension_number, 0);
	done(a);
	a = ask(ASKS(ALL_EXTENSION_NUMBERS_OF_TYPE), "plimsoll.v1.Kind"); /* no message */
	assert_int_equal(a->message_response_case, ANSWERS(ERROR_RESPONSE));
	done(a);
	a = ask(0, NULL);
	assert_int_equal(a->message_response_case, ANSWERS(ERROR_RESPONSE));
	done(a);
}

/* Every way to cut or flip the set: nothing outside it is read (asan watches). */
static void damaged_sets_are_survived(void **state)
{
	uint8_t *bytes = malloc(descriptors_size);
	struct rpc_descriptors d;

	(void)state;
	for (size_t n = 0; n < descriptors_size; n += 97) {
		uint8_t *cut = malloc(n ? n : 1);

		memcpy(cut, descriptors_bytes, n);
		rpc_descriptors_init(&d, (struct rpc_span){ cut, n });
		rpc_descriptors_done(&d);
		free(cut);
	}
	for (size_t i = 0; i < descriptors_size; i += 61) {
		memcpy(bytes, descriptors_bytes, descriptors_size);
		bytes[i] ^= 0xff;
		rpc_descriptors_init(&d, (struct rpc_span){ bytes, descriptors_size });
		rpc_descriptors_done(&d);
	}
	free(bytes);
}

/* A file imports another, which imports the first: each is sent once. */
static void imports_come_along(void **state)
{
	static const uint8_t set[] = {
		0x0a, 6, 0x0a, 1, 'a', 0x1a, 1, 'b', /* file a imports b */
		0x0a, 6, 0x0a, 1, 'b', 0x1a, 1, 'a', /* file b imports a */
		0x0a, 6, 0x0a, 1, 'c', 0x1a, 1, 'x', /* file c imports what is not there */
	};
	struct rpc_reflection *r =
		rpc_reflection_new((struct rpc_span){ set, sizeof(set) }, NULL, 0);
	request q = GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;
	response *a = NULL;

	(void)state;
	q.message_request_case = ASKS(FILE_BY_FILENAME);
	q.file_by_filename = (char *)"b";
	rpc_reflection_answer(r, &q, copy, &a);
	assert_int_equal(a->file_descriptor_response->n_file_descriptor_proto, 2);
	assert_int_equal(a->file_descriptor_response->file_descriptor_proto[0].data[2], 'b');
	assert_int_equal(a->file_descriptor_response->file_descriptor_proto[1].data[2], 'a');
	done(a);
	a = NULL;
	q.file_by_filename = (char *)"c";
	rpc_reflection_answer(r, &q, copy, &a);
	assert_int_equal(a->file_descriptor_response->n_file_descriptor_proto, 1);
	done(a);
	rpc_reflection_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(symbols_are_found_exactly),
		cmocka_unit_test(files_are_the_descriptor_bytes),
		cmocka_unit_test(services_are_the_registered_ones),
		cmocka_unit_test(there_are_no_extensions),
		cmocka_unit_test(damaged_sets_are_survived),
		cmocka_unit_test(imports_come_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
