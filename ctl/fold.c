/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/fold.h"

static int least_of(const struct fold_column *c)
{
	return c->least < c->width ? c->least : c->width;
}

/* What it takes of a block that has `room` beside its keys. Only what is wider than a block is cut. */
static int part_of(const struct fold_column *c, int gap, int room)
{
	return gap + c->width > room ? least_of(c) : c->width;
}

/* From `from` to before `end`, with the gap in front of each. */
static int total(const struct fold_column *c, size_t from, size_t end, int gap, int room)
{
	int sum = 0;

	for (size_t i = from; i < end; i++)
		sum += c[i].width && !c[i].key ? gap + part_of(&c[i], gap, room) : 0;
	return sum;
}

/* Behind the neighbours with which it stays; behind itself if no block has room for all of them. */
static size_t end_of(const struct fold_column *c, size_t n, size_t at, int gap, int room)
{
	size_t first = at, end = at + 1;

	while (first && c[at].together && c[first - 1].together == c[at].together)
		first--;
	while (end < n && c[at].together && c[end].together == c[at].together)
		end++;
	return total(c, first, end, gap, room) <= room ? end : at + 1;
}

/* They have the same places in each block. Returns what is left of `room`. */
static int add_keys(const struct fold_column *c, size_t n, int gap, int room, int *ret_width)
{
	int left = room + gap; /* none in front of the first */

	for (size_t i = 0; i < n; i++) {
		ret_width[i] = c[i].key ? least_of(&c[i]) : 0;
		left -= ret_width[i] ? gap + ret_width[i] : 0;
	}
	return left;
}

static int widen(const struct fold_column *c, size_t n, bool keys, int spare, int *width)
{
	for (size_t i = 0; i < n && spare > 0; i++) {
		int more = width[i] && c[i].key == keys ? c[i].width - width[i] : 0;

		more = more < spare ? more : spare;
		width[i] += more;
		spare -= more;
	}
	return spare;
}

size_t fold_block(const struct fold_column *c, size_t n, int gap, int room, size_t from, int *ret_width)
{
	int whole = add_keys(c, n, gap, room, ret_width), left = whole;
	size_t at = from, end;

	for (; at < n; at = end) {
		end = end_of(c, n, at, gap, whole);
		int more = total(c, at, end, gap, whole);

		if (more && more > left && left < whole)
			break;
		for (size_t i = at; i < end; i++)
			ret_width[i] = c[i].key ? ret_width[i] : part_of(&c[i], gap, whole);
		left -= more;
	}
	left = widen(c, n, false, left, ret_width);
	if (from == 0 && at == n) /* no other block has keys that these would have to stand above */
		widen(c, n, true, left, ret_width);
	return at;
}
