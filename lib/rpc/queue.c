/* SPDX-License-Identifier: Apache-2.0 */
#include "rpc/queue.h"

#include <grpc/support/log.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>

#include "base/obj.h"
#include "rpc/counter.h"
#include "rpc/rpc.h"

static grpc_completion_queue *queue;
static pthread_t poller;
static void (*_Atomic user_log)(int severity, const char *text);
static void (*_Atomic accept_failed)(void);

grpc_completion_queue *rpc_queue(void)
{
	if (!queue)
		wrong("rpc_init() must come before the first server or client");
	return queue;
}

void rpc_queue_on_accept_error(void (*notify)(void))
{
	atomic_store(&accept_failed, notify);
}

/* Any thread of core's; must not call back into core. Its texts are the only notice core 1.51 gives
 * of a failed accept (after which it never accepts again) and of a failed handshake. */
static void core_logs(gpr_log_func_args *args)
{
	void (*log)(int, const char *) = atomic_load(&user_log);
	void (*notify)(void) = atomic_load(&accept_failed);

	if (strstr(args->message, "Failed accept4")) {
		rpc_count(accept_errors, 1);
		if (notify)
			notify();
	}
	if (strstr(args->message, "Handshake failed"))
		rpc_count(handshake_errors, 1);
	if (log)
		log((int)args->severity, args->message);
}

static void *poll_queue(void *unused)
{
	(void)unused;
	for (;;) {
		grpc_event e = grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_REALTIME),
							  NULL);
		struct rpc_tag *tag = e.tag;

		if (e.type == GRPC_QUEUE_SHUTDOWN)
			return NULL;
		if (e.type != GRPC_OP_COMPLETE)
			continue;
		(void)atomic_load_explicit(&tag->given, memory_order_acquire);
		tag->run(tag, e.success != 0);
	}
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void rpc_init(void (*log)(int severity, const char *text))
{
	sigset_t all, before;

	must(!queue);
	raise_descriptor_limit();
	atomic_store(&user_log, log);
	gpr_set_log_function(core_logs);
	/* Threads inherit the mask: signals go to the loop thread only. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* Core's threads cannot be waited for, and at exit may still use what OpenSSL would clean up. */
	(void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
	grpc_init();
	queue = grpc_completion_queue_create_for_next(NULL);
	must(pthread_create(&poller, NULL, poll_queue, NULL) == 0);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void rpc_shutdown(void)
{
	if (!queue)
		return;
	grpc_completion_queue_shutdown(queue);
	pthread_join(poller, NULL);
	grpc_completion_queue_destroy(queue);
	queue = NULL;
	grpc_shutdown();
	atomic_store(&user_log, NULL);
}
