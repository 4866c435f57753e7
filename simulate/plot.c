/* SPDX-License-Identifier: Apache-2.0 */
#include "simulate/plot.h"

#define WIDTH  960u /* of the picture, in its own units */
#define HEIGHT 140u /* of one trial's field */
#define LEFT   50u
#define GAP    46u
#define STEPS  900u /* points of a line: more than can be told apart */

struct slice { /* a column's worth of seconds */
	uint32_t replicas, need;
	bool missed;
};

/* The most of each, so that a short peak is not lost. */
static struct slice slice(const struct trial *t, uint32_t i, uint32_t n)
{
	uint32_t from = (uint32_t)((uint64_t)t->seconds * i / n), to = (uint32_t)((uint64_t)t->seconds * (i + 1) / n);
	struct slice s = {0};

	for (uint32_t k = from; k < to || k == from; k++) {
		const struct trial_point *p = &t->point[k];

		s.replicas = p->replicas > s.replicas ? p->replicas : s.replicas;
		s.need = p->need > s.need ? p->need : s.need;
		s.missed = s.missed || p->missed;
	}
	return s;
}

static uint32_t highest(const struct trial *t)
{
	uint32_t most = 1;

	for (uint32_t s = 0; s < t->seconds; s++) {
		most = t->point[s].replicas > most ? t->point[s].replicas : most;
		most = t->point[s].need > most ? t->point[s].need : most;
	}
	return most;
}

static const char *cell(const struct slice *s, uint32_t row, uint32_t most)
{
	static const char *const eighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	uint32_t height = s->replicas * PLOT_ROWS * 8 / most, need = s->need * PLOT_ROWS * 8 / most;
	uint32_t floor = row * 8, filled = height > floor ? height - floor : 0;

	if (need > height && (need - 1) / 8 == row)
		return "·";
	return eighths[filled > 8 ? 8 : filled];
}

void plot_terminal(const struct trial *t, uint32_t columns, struct buf *to)
{
	uint32_t most = highest(t), n = t->seconds < columns ? t->seconds : columns;

	for (uint32_t row = PLOT_ROWS; row-- > 0;) {
		buf_printf(to, row == PLOT_ROWS - 1 ? "  %5u │" : "        │", most);
		for (uint32_t i = 0; i < n; i++) {
			struct slice s = slice(t, i, n);

			buf_printf(to, "%s", cell(&s, row, most));
		}
		buf_printf(to, "\n");
	}
	buf_printf(to, "  missed│");
	for (uint32_t i = 0; i < n; i++)
		buf_printf(to, "%s", slice(t, i, n).missed ? "x" : " ");
	buf_printf(to, "\n");
}

/* --- SVG */

static void add_text(const char *s, struct buf *to)
{
	for (; *s; s++)
		switch (*s) {
		case '<':
			buf_printf(to, "&lt;");
			break;
		case '&':
			buf_printf(to, "&amp;");
			break;
		default:
			if ((unsigned char)*s >= ' ')
				buf_add(to, s, 1);
		}
}

static void add_line(const struct trial *t, bool need, uint32_t top, uint32_t most, struct buf *to)
{
	uint32_t n = t->seconds < STEPS ? t->seconds : STEPS;

	buf_printf(to, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" points=\"", need ? "#c60" : "#06c");
	for (uint32_t i = 0; i < n; i++) {
		struct slice s = slice(t, i, n);
		double y = top + HEIGHT - (double)HEIGHT * (need ? s.need : s.replicas) / most;

		buf_printf(to, "%.1f,%.1f ", LEFT + (double)WIDTH * i / n, y);
		buf_printf(to, "%.1f,%.1f ", LEFT + (double)WIDTH * (i + 1) / n, y);
	}
	buf_printf(to, "\"/>\n");
}

static void add_misses(const struct trial *t, uint32_t top, struct buf *to)
{
	uint32_t n = t->seconds < STEPS ? t->seconds : STEPS;

	for (uint32_t i = 0; i < n; i++)
		if (slice(t, i, n).missed)
			buf_printf(to, "<rect x=\"%.1f\" y=\"%u\" width=\"%.2f\" height=\"5\" fill=\"#d00\"/>\n",
				   LEFT + (double)WIDTH * i / n, top + HEIGHT + 2, (double)WIDTH / n);
}

static void add_field(const char *name, const struct trial *t, uint32_t top, struct buf *to)
{
	uint32_t most = highest(t);

	buf_printf(to, "<text x=\"%u\" y=\"%u\" font-weight=\"bold\">", LEFT, top - 8);
	add_text(name, to);
	buf_printf(to, "</text>\n<text x=\"4\" y=\"%u\">%u</text><text x=\"4\" y=\"%u\">0</text>\n"
		       "<path d=\"M%u %uV%uH%u\" stroke=\"#999\" fill=\"none\"/>\n",
		   top + 10, most, top + HEIGHT, LEFT, top, top + HEIGHT, LEFT + WIDTH);
	add_line(t, true, top, most, to);
	add_line(t, false, top, most, to);
	add_misses(t, top, to);
}

void plot_svg(const char *const *name, const struct trial *t, size_t n, struct buf *to)
{
	uint32_t height = (uint32_t)n * (HEIGHT + GAP) + GAP;

	buf_printf(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" font-family=\"sans-serif\" "
		       "font-size=\"12\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		   LEFT + WIDTH + 20, height);
	for (size_t i = 0; i < n; i++)
		add_field(name[i], &t[i], (uint32_t)i * (HEIGHT + GAP) + GAP - 14, to);
	buf_printf(to, "<text x=\"%u\" y=\"%u\"><tspan fill=\"#06c\">replicas</tspan>  <tspan fill=\"#c60\">needed for "
		       "the SLO</tspan>  <tspan fill=\"#d00\">missed</tspan>  %u s</text>\n</svg>\n",
		   LEFT, height - 10, n ? t[0].seconds : 0);
}
