/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lib/rpc is compared with: the least that serves the same on core's API. One thread, one
 * completion queue, state in the tags, protobuf-c's malloc decoder. No limits, no loop hand-over, no
 * deadlines, no back-pressure, no health, no shutdown: what those cost is the difference.
 */
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

enum tag { NEW = 1, RECEIVED, SENT, CLOSED, ENDED };

static grpc_completion_queue *queue;
static grpc_server *server;
static grpc_call *call, *next_call;
static grpc_call_details details;
static grpc_metadata_array metadata;
static grpc_byte_buffer *received;
static uint64_t last;
static bool answers, sending, header_sent;
static int cancelled;

static void batch(const grpc_op *ops, size_t n, enum tag tag)
{
	if (grpc_call_start_batch(call, ops, n, (void *)(uintptr_t)tag, NULL) != GRPC_CALL_OK)
		abort();
}

static void request(void)
{
	grpc_call_details_init(&details);
	grpc_metadata_array_init(&metadata);
	grpc_server_request_call(server, &next_call, &details, &metadata, queue, queue,
				 (void *)(uintptr_t)NEW);
}

static void receive(void)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &received };

	batch(&op, 1, RECEIVED);
}

static void begin(void)
{
	grpc_op close = { .op = GRPC_OP_RECV_CLOSE_ON_SERVER,
			  .data.recv_close_on_server.cancelled = &cancelled };

	call = next_call;
	answers = grpc_slice_str_cmp(details.method, "/bench.Rpc/Trip") == 0;
	grpc_call_details_destroy(&details);
	grpc_metadata_array_destroy(&metadata);
	request();
	header_sent = sending = false;
	batch(&close, 1, CLOSED);
	receive();
}

static grpc_byte_buffer *ack(void)
{
	Plimsoll__V1__Directive d = PLIMSOLL__V1__DIRECTIVE__INIT;
	Plimsoll__V1__Ack a = PLIMSOLL__V1__ACK__INIT;
	grpc_byte_buffer *bytes;
	grpc_slice slice;

	a.sequence = last;
	d.ack = &a;
	slice = grpc_slice_malloc(plimsoll__v1__directive__get_packed_size(&d));
	plimsoll__v1__directive__pack(&d, GRPC_SLICE_START_PTR(slice));
	bytes = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	return bytes;
}

static void send_answer(bool with_status)
{
	grpc_op ops[3] = { 0 };
	grpc_byte_buffer *bytes = NULL;
	size_t n = 0;

	if (!header_sent)
		ops[n++].op = GRPC_OP_SEND_INITIAL_METADATA;
	header_sent = true;
	if (answers != with_status) {
		bytes = ack();
		ops[n].op = GRPC_OP_SEND_MESSAGE;
		ops[n++].data.send_message.send_message = bytes;
	}
	if (with_status)
		ops[n++].op = GRPC_OP_SEND_STATUS_FROM_SERVER;
	batch(ops, n, with_status ? ENDED : SENT);
	if (bytes)
		grpc_byte_buffer_destroy(bytes);
}

static void take_message(void)
{
	grpc_byte_buffer_reader reader;
	Plimsoll__V1__Batch *b;
	grpc_slice all;

	if (!received) {
		send_answer(true);
		return;
	}
	grpc_byte_buffer_reader_init(&reader, received);
	all = grpc_byte_buffer_reader_readall(&reader);
	grpc_byte_buffer_reader_destroy(&reader);
	grpc_byte_buffer_destroy(received);
	b = plimsoll__v1__batch__unpack(NULL, GRPC_SLICE_LENGTH(all), GRPC_SLICE_START_PTR(all));
	grpc_slice_unref(all);
	if (!b)
		abort();
	last = b->sequence;
	plimsoll__v1__batch__free_unpacked(b, NULL);
	if (answers)
		send_answer(false);
	else
		receive();
}

static void end(int signum)
{
	(void)signum;
	_exit(0);
}

void bench_serve_raw(int ready_fd)
{
	grpc_server_credentials *creds;
	int port;

	signal(SIGTERM, end);
	grpc_init();
	queue = grpc_completion_queue_create_for_next(NULL);
	server = grpc_server_create(NULL, NULL);
	grpc_server_register_completion_queue(server, queue, NULL);
	creds = grpc_insecure_server_credentials_create();
	port = grpc_server_add_http2_port(server, "127.0.0.1:0", creds);
	grpc_server_start(server);
	request();
	if (write(ready_fd, &port, sizeof(port)) != sizeof(port))
		_exit(1);
	for (;;) {
		grpc_event e = grpc_completion_queue_next(
			queue, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

		switch ((enum tag)(uintptr_t)e.tag) {
		case NEW:
			begin();
			break;
		case RECEIVED:
			take_message();
			break;
		case SENT:
			receive();
			break;
		case CLOSED:
		case ENDED:
			break;
		}
	}
}
