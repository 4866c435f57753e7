/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/screen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/obj.h"
#include "base/scope.h"

#define SCREEN_MAGIC 0x7363726eu
#define ESCAPE_NS    (50 * CLOCK_NS_PER_MS) /* a sequence's bytes come together; a person is slower \
					     */

/* Alternate buffer, no cursor, no wrapping at the right edge; and back. */
#define ENTER "\033[?1049h\033[?25l\033[?7l\033[2J"
#define LEAVE "\033[0m\033[?7h\033[?25h\033[?1049l"
/* Terminals that know it show what lies between at once; others ignore it. */
#define BEGIN "\033[?2026h"
#define END   "\033[?2026l"

struct screen {
	unsigned magic;
	struct screen_events events;
	struct loop *loop;
	struct loop_fd *input;
	struct loop_timer *escape;
	struct loop_signal *signals[6];
	char pending[64]; /* bytes of a key that is not whole */
	size_t n_pending;
	int columns, rows;
	struct buf shown[SCREEN_ROWS];
	bool lost; /* what is on the terminal is not what was drawn */
};

/* For the crash handler, which has nothing else. */
static struct termios found;
static int found_flags; /* that the loop changes for whoever else has this terminal open, too */
static volatile sig_atomic_t entered;

/* Crashes, and Ctrl-\ that asks for one. */
static const int crashing[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGQUIT};

static void put(const char *text, size_t n)
{
	while (n) {
		ssize_t done = write(STDOUT_FILENO, text, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return; /* the terminal is gone: SIGHUP comes */
		text += done > 0 ? done : 0;
		n -= done > 0 ? (size_t)done : 0;
	}
}

static void leave(void)
{
	if (!entered)
		return;
	entered = 0;
	/* The screen last: who sees it back may type, and Enter must not come raw to the shell. */
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &found);
	(void)fcntl(STDIN_FILENO, F_SETFL, found_flags);
	put(LEAVE, sizeof(LEAVE) - 1);
}

static void enter(void)
{
	struct termios raw = found;

	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO); /* ISIG stays: Ctrl-C and Ctrl-Z are signals */
	raw.c_iflag &= (tcflag_t) ~(ICRNL | IXON);
	raw.c_cc[VMIN] = 1; /* so that 0 bytes mean a hang-up */
	raw.c_cc[VTIME] = 0;
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	(void)fcntl(STDIN_FILENO, F_SETFL, found_flags | O_NONBLOCK);
	put(ENTER, sizeof(ENTER) - 1);
	entered = 1;
}

static void crashed(int signum)
{
	leave();       /* write, tcsetattr and fcntl are async-signal-safe */
	raise(signum); /* SA_RESETHAND: now it kills */
}

static void measure(struct screen *s)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col || !size.ws_row)
		size = (struct winsize){.ws_row = 24, .ws_col = 80};
	s->columns = size.ws_col < SCREEN_COLUMNS ? size.ws_col : SCREEN_COLUMNS;
	s->rows = size.ws_row < SCREEN_ROWS ? size.ws_row : SCREEN_ROWS;
	s->lost = true;
}

/* As the default would have it. Without a shell to wake us (ssh -t host plimsoll top) the kernel stops
 * nobody, and raise() returns at once. */
static void stop(void)
{
	const struct sigaction as_default = {.sa_handler = SIG_DFL};
	struct sigaction ours;

	leave();
	sigaction(SIGTSTP, &as_default, &ours);
	raise(SIGTSTP);
	sigaction(SIGTSTP, &ours, NULL);
	enter();
}

static void got_signal(int signum, void *data)
{
	struct screen *s = obj_cast(struct screen, data, SCREEN_MAGIC);

	if (signum == SIGTSTP)
		stop();
	if (signum == SIGCONT) /* who was stopped by SIGSTOP finds the terminal as the shell left it */
		enter();
	if (signum == SIGTSTP || signum == SIGCONT || signum == SIGWINCH) {
		measure(s);
		s->events.redraw(s->events.data);
		return;
	}
	s->events.signal(signum, s->events.data);
}

/* Keys */

static void take_keys(struct screen *s, int last)
{
	struct key k;
	size_t n;

	while (s->n_pending && (n = key_parse(s->pending, s->n_pending, last, &k))) {
		s->n_pending -= n;
		memmove(s->pending, s->pending + n, s->n_pending + 1);
		if (k.name == KEY_REDRAW) {
			s->lost = true;
			s->events.redraw(s->events.data);
		} else if (k.name != KEY_NONE) {
			s->events.key(k, s->events.data);
		}
	}
	if (s->n_pending)
		loop_timer_start(s->escape, ESCAPE_NS, 0);
}

static void escape_alone(void *data)
{
	take_keys(obj_cast(struct screen, data, SCREEN_MAGIC), 1);
}

static void readable(int events, void *data)
{
	struct screen *s = obj_cast(struct screen, data, SCREEN_MAGIC);
	size_t room = sizeof(s->pending) - 1 - s->n_pending;
	ssize_t n = read(STDIN_FILENO, s->pending + s->n_pending, room);

	(void)events;
	if (n <= 0) { /* the terminal hung up */
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			s->events.signal(SIGHUP, s->events.data);
		return;
	}
	s->n_pending += (size_t)n;
	s->pending[s->n_pending] = '\0';
	loop_timer_stop(s->escape);
	take_keys(s, 0);
}

/* Life */

static void listen_to(struct screen *s)
{
	static const int all[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		s->signals[i] = loop_signal_new(s->loop, all[i], got_signal, s);
	for (size_t i = 0; i < sizeof(crashing) / sizeof(crashing[0]); i++) {
		struct sigaction action = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND};

		sigaction(crashing[i], &action, NULL);
	}
}

int screen_open(struct loop *l, const struct screen_events *events, struct screen **ret_s,
		struct err *e)
{
	struct screen *s;

	if (!isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &found) < 0) {
		err_set(e, -ENOTTY, "this needs a terminal");
		err_cause(e, "standard input or output is none");
		return err_fix(e, "use plimsoll watch in scripts");
	}
	found_flags = fcntl(STDIN_FILENO, F_GETFL);
	s = mem_new(struct screen);
	s->magic = SCREEN_MAGIC;
	s->events = *events;
	s->loop = l;
	s->escape = loop_timer_new(l, escape_alone, s);
	listen_to(s);
	s->input = loop_fd_new(l, STDIN_FILENO, LOOP_READ, readable, s);
	measure(s);
	enter();
	*ret_s = s;
	return 0;
}

struct screen *screen_close(struct screen *s)
{
	if (!s)
		return NULL;
	leave();
	for (size_t i = 0; i < sizeof(s->signals) / sizeof(s->signals[0]); i++)
		loop_signal_close(s->signals[i]);
	loop_fd_close(s->input);
	loop_timer_close(s->escape);
	for (int i = 0; i < SCREEN_ROWS; i++)
		buf_done(&s->shown[i]);
	s->magic = 0;
	free(s);
	return NULL;
}

void screen_size(const struct screen *s, int *ret_columns, int *ret_rows)
{
	*ret_columns = s->columns;
	*ret_rows = s->rows;
}

static bool same(const struct buf *a, const struct buf *b)
{
	return a->size == b->size && memcmp(buf_text(a), buf_text(b), a->size) == 0;
}

void screen_draw(struct screen *s, const struct buf *rows, int n)
{
	static const struct buf empty;
	scoped(buf_done) struct buf out = {0};

	buf_printf(&out, BEGIN "%s", s->lost ? "\033[2J" : "");
	for (int i = 0; i < s->rows; i++) {
		const struct buf *row = i < n ? &rows[i] : &empty;

		if (!s->lost && same(row, &s->shown[i]))
			continue;
		/* Cleared first: behind a row that fills the screen the cursor stands on its last column. */
		buf_printf(&out, "\033[%d;1H\033[K", i + 1);
		buf_add(&out, buf_text(row), row->size);
		buf_printf(&out, "\033[0m");
		buf_clear(&s->shown[i]);
		buf_add(&s->shown[i], buf_text(row), row->size);
	}
	buf_printf(&out, END);
	s->lost = false;
	put(buf_text(&out), out.size);
}
