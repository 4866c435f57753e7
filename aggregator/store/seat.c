/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/store/seat.h"

#include <stdlib.h>

#include "aggregator/store/row.h"
#include "base/mem.h"
#include "base/obj.h"

static struct store_seat enter(struct store_workload *w, struct store_row *r)
{
	if (w->n == w->room) {
		w->room = w->room ? w->room * 2 : 16;
		w->row = mem_array(w->row, w->room, sizeof(struct store_row *));
	}
	w->row[w->n] = r;
	return (struct store_seat){w, w->n++};
}

static void own(struct store_row *r, struct store_seat seat)
{
	r->workload = seat.workload;
	r->place = seat.place;
}

void seat_take(struct store_row *r, struct store_workload *w)
{
	struct store_seat seat = enter(w, r), before = {r->workload, r->place};

	if (!before.workload || w->role < before.workload->role) {
		own(r, seat);
		seat = before;
	}
	if (!seat.workload)
		return;
	r->also = mem_array(r->also, r->n_also + 1, sizeof(*r->also));
	r->also[r->n_also++] = seat;
}

static uint32_t *place_in(struct store_row *r, const struct store_workload *w)
{
	for (uint32_t i = 0; i < r->n_also; i++)
		if (r->also[i].workload == w)
			return &r->also[i].place;
	must(r->workload == w);
	return &r->place;
}

/* The last row of the array takes the place that becomes free. */
static void leave(struct store_seat seat)
{
	struct store_workload *w = seat.workload;
	struct store_row *last = w->row[--w->n];

	*place_in(last, w) = seat.place;
	w->row[seat.place] = last;
}

static void drop_also(struct store_row *r)
{
	free(r->also);
	r->also = NULL;
	r->n_also = 0;
}

void seat_leave_all(struct store_row *r)
{
	if (!r->workload)
		return;
	must(r->workload->row[r->place] == r);
	leave((struct store_seat){r->workload, r->place});
	for (uint32_t i = 0; i < r->n_also; i++)
		leave(r->also[i]);
	drop_also(r);
	r->workload = NULL;
}

static void lose(struct store_row *r, const struct store_workload *w)
{
	struct store_seat last = r->n_also ? r->also[r->n_also - 1] : (struct store_seat){0};

	if (r->workload == w)
		own(r, last);
	else
		for (uint32_t i = 0; i < r->n_also; i++)
			if (r->also[i].workload == w)
				r->also[i] = last;
	if (r->n_also && !--r->n_also)
		drop_also(r);
}

void seat_clear(struct store_workload *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		lose(w->row[i], w);
	w->n = 0;
}
