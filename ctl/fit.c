/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/fit.h"

static int least_of(const struct fit_column *c)
{
	return c->least < c->width ? c->least : c->width;
}

int fit_total(const struct fit_column *c, size_t n, int gap)
{
	int total = 0;

	for (size_t i = 0; i < n; i++)
		total += c[i].width ? c[i].width + (total ? gap : 0) : 0;
	return total;
}

static int least_total(const struct fit_column *c, size_t n, int gap)
{
	int total = 0;

	for (size_t i = 0; i < n; i++)
		total += c[i].width ? least_of(&c[i]) + (total ? gap : 0) : 0;
	return total;
}

/* NULL: none of those that are shown may go. */
static struct fit_column *least_worth(struct fit_column *c, size_t n)
{
	struct fit_column *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (c[i].width && c[i].drop && (!found || c[i].drop >= found->drop))
			found = &c[i];
	return found;
}

/* NULL: none can do with less. */
static struct fit_column *widest(struct fit_column *c, size_t n)
{
	struct fit_column *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (c[i].width > least_of(&c[i]) && (!found || c[i].width > found->width))
			found = &c[i];
	return found;
}

void fit_columns(struct fit_column *c, size_t n, int gap, int room)
{
	struct fit_column *one;

	while (least_total(c, n, gap) > room && (one = least_worth(c, n)))
		one->width = 0;
	while (fit_total(c, n, gap) > room && (one = widest(c, n)))
		one->width--;
}
