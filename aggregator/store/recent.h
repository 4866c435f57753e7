/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the requests took that a row answered in its last seconds: what came with each of its last samples, for
 * whoever wants a window shorter than the 5 to 10 s of store/waits.h. Kept only once somebody has asked, as policies with
 * a latency do: some 700 bytes with 16 buckets in use. A row that answers nothing writes nothing.
 *
 * What came with the samples of nearly a second is one span. RECENT_SPANS of them are kept, so a window reaches back 8 s
 * at 1 Hz, and longer where samples are further apart. Times are the node's.
 */
#ifndef AGGREGATOR_STORE_RECENT_H
#define AGGREGATOR_STORE_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hist.h"

#define RECENT_SPANS	     8u
#define RECENT_SPAN_NS	     900000000ull  /* as RING_FINE_NS */
#define RECENT_WINDOW_MAX_NS 8000000000ull /* of what is asked for */

struct recent {
	struct recent_kept *kept; /* NULL: nobody asked */
};

/* From here on, of whatever was before nothing is known. 0 or -ENOMEM: then it is as if nobody had asked. */
int recent_begin(struct recent *r, uint64_t at_ns);
/* So many requests took so long, of those that were answered between the samples at before_ns and at_ns; the latter is
 * never before an older one's. 0, also when nobody asked, or -ENOMEM: then it is not told. */
int recent_put(struct recent *r, uint64_t before_ns, uint64_t at_ns, unsigned bucket, uint32_t count);
/* into = what came in about the window before the sample at `at_ns`, at least with that one; *ret_cover_ns: the time
 * that this really is. -ENODATA: it begins only there, or nobody asked. */
int recent_sum(const struct recent *r, uint64_t at_ns, uint64_t window_ns, uint32_t into[HIST_BUCKETS],
	       uint64_t *ret_cover_ns);
void recent_done(struct recent *r);

#endif
