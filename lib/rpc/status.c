/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/status.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "google/rpc/status.pb-c.h"

#define HELP_TYPE "type.googleapis.com/google.rpc.Help"

const char *rpc_code_name(enum rpc_code code)
{
	static const char *const names[] = {
		"OK",           "CANCELLED",           "UNKNOWN",        "INVALID_ARGUMENT",
		"DEADLINE_EXCEEDED", "NOT_FOUND",      "ALREADY_EXISTS", "PERMISSION_DENIED",
		"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",  "OUT_OF_RANGE",
		"UNIMPLEMENTED", "INTERNAL",           "UNAVAILABLE",    "DATA_LOSS",
		"UNAUTHENTICATED",
	};

	if ((unsigned)code >= sizeof(names) / sizeof(names[0]))
		return "UNKNOWN";
	return names[code];
}

grpc_slice rpc_status_pack(enum rpc_code code, const char *message, const char *fix)
{
	Google__Rpc__Help__Link link = GOOGLE__RPC__HELP__LINK__INIT;
	Google__Rpc__Help__Link *links[] = { &link };
	Google__Rpc__Help help = GOOGLE__RPC__HELP__INIT;
	Google__Rpc__Any any = GOOGLE__RPC__ANY__INIT;
	Google__Rpc__Any *details[] = { &any };
	Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
	grpc_slice slice;

	link.description = (char *)fix;
	help.links = links;
	help.n_links = 1;
	any.type_url = (char *)HELP_TYPE;
	any.value.len = google__rpc__help__get_packed_size(&help);
	any.value.data = mem_zero(any.value.len);
	google__rpc__help__pack(&help, any.value.data);
	status.code = (int32_t)code;
	status.message = (char *)message;
	status.details = details;
	status.n_details = 1;
	slice = grpc_slice_malloc(google__rpc__status__get_packed_size(&status));
	google__rpc__status__pack(&status, GRPC_SLICE_START_PTR(slice));
	free(any.value.data);
	return slice;
}

static char *first_help(const Google__Rpc__Status *status)
{
	char *fix = NULL;

	for (size_t i = 0; i < status->n_details && !fix; i++) {
		const Google__Rpc__Any *any = status->details[i];
		Google__Rpc__Help *help;

		if (strcmp(any->type_url, HELP_TYPE) != 0)
			continue;
		help = google__rpc__help__unpack(NULL, any->value.len, any->value.data);
		if (help && help->n_links)
			fix = mem_strdup(help->links[0]->description);
		if (help)
			google__rpc__help__free_unpacked(help, NULL);
	}
	return fix;
}

char *rpc_status_fix(const grpc_metadata_array *trailers)
{
	for (size_t i = 0; i < trailers->count; i++) {
		const grpc_metadata *md = &trailers->metadata[i];
		Google__Rpc__Status *status;
		char *fix;

		if (grpc_slice_str_cmp(md->key, RPC_STATUS_KEY) != 0)
			continue;
		status = google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(md->value),
						     GRPC_SLICE_START_PTR(md->value));
		if (!status)
			return NULL;
		fix = first_help(status);
		google__rpc__status__free_unpacked(status, NULL);
		return fix;
	}
	return NULL;
}

/* Substrings of core 1.51's and OpenSSL's own texts. */
static const struct {
	const char *text, *meaning;
	const char *local; /* of a unix socket, where that is another; NULL: the same */
} meanings[] = {
	{ "Connection refused", "nobody listens there" },
	{ "No such file or directory", "the socket does not exist: the server is not running" },
	{ "Permission denied", "this user may not use the socket" },
	{ "certificate verify failed",
	  "the server's certificate is not signed by this CA, has expired or is not valid yet" },
	{ "Hostname Verification Check failed",
	  "the server's certificate is for another name: see server_name" },
	{ "wrong version number", "the server speaks plain text, not TLS" },
	{ "WRONG_VERSION_NUMBER", "the server speaks plain text, not TLS" },
	{ "certificate required", "the server wants a client certificate" },
	{ "unknown ca", "the server does not know the CA of this client's certificate" },
	{ "certificate expired", "this client's certificate has expired" },
	{ "Trying to connect an http1.x server", "that port speaks HTTP/1, not gRPC" },
	{ "Socket closed", "the connection was closed: the server ended, refused this side's "
			   "certificate, or wants TLS where this side speaks plain text",
	  "the connection was closed: the server ended" },
	{ "DNS resolution failed", "the name does not resolve" },
};

char *rpc_status_explain(enum rpc_code code, const char *core_text, const char *address)
{
	bool local = strncmp(address, "unix:", 5) == 0;

	if (code == RPC_UNAVAILABLE)
		for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
			if (strstr(core_text, meanings[i].text))
				return mem_printf("%s: %s (%s)", address,
						  local && meanings[i].local ? meanings[i].local : meanings[i].meaning,
						  core_text);
	return mem_strdup(core_text);
}
