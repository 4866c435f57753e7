/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * HTTP/1.x (RFC 9112) on either side of a conversation: where messages begin and end, and what the status is. Heads
 * are read byte by byte up to the names that frame a body, lines that say nothing about it eight bytes at a time, and
 * bodies not at all. Input may be cut anywhere. What is not HTTP makes the conversation opaque.
 * Exchanges have the status code; a request's kind says whether its answer has a body. Pure, as conversation.h.
 */
#ifndef BPF_HTTP1_H
#define BPF_HTTP1_H

#include "conversation.h"
#include "letters.h"

#define HTTP1_STEPS 16 /* of it, each of a byte or a word */
#define HTTP1_STATUS_SWITCHING 101
#define HTTP1_STATUS_CLIENT_ERROR 400
#define HTTP1_STATUS_SERVER_ERROR 500

enum http1_kind { HTTP1_PLAIN, HTTP1_HEAD, HTTP1_CONNECT };
enum http1_framing { HTTP1_HAS_LENGTH = 1, HTTP1_CHUNKED = 2, HTTP1_TRAILERS = 4 /* the last chunk is over */ };

enum http1_state {
	HTTP1_START,
	HTTP1_METHOD,
	HTTP1_TARGET,
	HTTP1_VERSION,   /* of a request, after the target */
	HTTP1_STATUS,    /* of an answer, from its first byte on */
	HTTP1_LINE,      /* at the first byte of a line of the head */
	HTTP1_REST,      /* of a line that says nothing more */
	HTTP1_BLANK,     /* the line ends where it began, so does the head: the line feed is to come */
	HTTP1_LENGTH,    /* the name Content-Length, then … */
	HTTP1_LENGTH_IS, /* … its value */
	HTTP1_ENCODING,  /* the name Transfer-Encoding; its last coding is chunked, or this is no HTTP (RFC 9112, 6.1) */
	HTTP1_BODY,
	HTTP1_SIZE,      /* of a chunk */
	HTTP1_SIZE_REST, /* extensions, which nobody uses, and the end of the line */
	HTTP1_BAD,
};

#define HTTP1_VERSION_SIZE  7 /* of "HTTP/1.", */
#define HTTP1_LENGTH_SIZE   15 /* "content-length:", */
#define HTTP1_ENCODING_SIZE 18 /* "transfer-encoding:" */

static __always_inline __u8 http1_version_letter(__u8 at)
{
	return letters_at(LETTERS("HTTP/1.\0"), at);
}

static __always_inline __u8 http1_length_letter(__u8 at)
{
	return letters_at(at < 8 ? LETTERS("content-") : LETTERS("length:\0"), at);
}

static __always_inline __u8 http1_encoding_letter(__u8 at)
{
	if (at < 8)
		return letters_at(LETTERS("transfer"), at);
	return letters_at(at < 16 ? LETTERS("-encodin") : LETTERS("g:\0\0\0\0\0\0"), at);
}

/* The methods of RFC 9110 and PATCH (RFC 5789). */
static __always_inline bool http1_is_method(__u64 word)
{
	return word == LETTERS("GET\0\0\0\0\0") || word == LETTERS("POST\0\0\0\0") ||
	       word == LETTERS("PUT\0\0\0\0\0") || word == LETTERS("HEAD\0\0\0\0") ||
	       word == LETTERS("DELETE\0\0") || word == LETTERS("PATCH\0\0\0") ||
	       word == LETTERS("OPTIONS\0") || word == LETTERS("CONNECT\0") ||
	       word == LETTERS("TRACE\0\0\0");
}

static __always_inline __u64 http1_kind_of(__u64 word)
{
	if (word == LETTERS("HEAD\0\0\0\0"))
		return HTTP1_HEAD;
	return word == LETTERS("CONNECT\0") ? HTTP1_CONNECT : HTTP1_PLAIN;
}

/* The first byte of a message. A robust server passes over empty lines before one (RFC 9112, 2.2). */
static __always_inline void http1_start(struct side *s, bool asks, __u8 b, __u64 now_ns)
{
	if (b == '\r' || b == '\n')
		return;
	s->began_ns = now_ns;
	s->framing = 0;
	s->left = 0;
	s->matched = 1;
	s->status = 0;
	s->outcome = EXCHANGE_DONE;
	if (asks) {
		s->number = b;
		s->state = HTTP1_METHOD;
	} else {
		s->state = b == http1_version_letter(0) ? HTTP1_STATUS : HTTP1_BAD;
	}
}

static __always_inline void http1_method(struct side *s, __u8 b)
{
	if (b == ' ') {
		s->state = http1_is_method(s->number) ? HTTP1_TARGET : HTTP1_BAD;
	} else if (s->matched < 7) {
		s->number |= (__u64)b << (8 * s->matched);
		s->matched++;
	} else {
		s->state = HTTP1_BAD;
	}
}

/* "HTTP/1.1" and the end of the line. Only now it is a request. */
static __always_inline void http1_request_version(struct conversation *c, struct side *s, __u8 b)
{
	__u8 at = s->matched;
	bool fits = at < HTTP1_VERSION_SIZE ? b == http1_version_letter(at) : letters_is_digit(b);

	if (at > HTTP1_VERSION_SIZE) { /* past the digit */
		if (b == '\r')
			return;
		s->state = b == '\n' ? HTTP1_LINE : HTTP1_BAD;
		if (b == '\n')
			conversation_ask(c, s->began_ns, http1_kind_of(s->number));
		return;
	}
	s->matched++;
	if (!fits)
		s->state = HTTP1_BAD;
}

/* "HTTP/1.1 200". */
static __always_inline void http1_status(struct side *s, __u8 b)
{
	__u8 at = s->matched++;
	bool fits;

	if (at < HTTP1_VERSION_SIZE)
		fits = b == http1_version_letter(at);
	else if (at == HTTP1_VERSION_SIZE + 1)
		fits = b == ' ';
	else
		fits = letters_is_digit(b);
	if (at > HTTP1_VERSION_SIZE + 1)
		s->status = (__u16)(s->status * 10 + (b - '0'));
	if (!fits)
		s->state = HTTP1_BAD;
	else if (at == HTTP1_VERSION_SIZE + 4)
		s->state = HTTP1_REST;
}

static __always_inline void http1_line(struct side *s, __u8 b)
{
	__u8 low = letters_lower(b);

	s->matched = 1;
	if (b == '\r')
		s->state = HTTP1_BLANK;
	else if (low == 'c')
		s->state = HTTP1_LENGTH;
	else if (low == 't')
		s->state = HTTP1_ENCODING;
	else
		s->state = HTTP1_REST;
}

static __always_inline void http1_length_follows(struct side *s)
{
	s->framing |= HTTP1_HAS_LENGTH;
	s->state = HTTP1_LENGTH_IS;
	s->left = 0;
}

/* The names are fixed, so their spelling is matched where it stands. */
static __always_inline void http1_name(struct side *s, __u8 b)
{
	bool length = s->state == HTTP1_LENGTH;
	__u8 at = s->matched++, size = length ? HTTP1_LENGTH_SIZE : HTTP1_ENCODING_SIZE;
	__u8 expected = length ? http1_length_letter(at) : http1_encoding_letter(at);

	if (letters_lower(b) != expected) {
		s->state = b == '\n' ? HTTP1_LINE : HTTP1_REST;
	} else if (s->matched == size && length) {
		http1_length_follows(s);
	} else if (s->matched == size) {
		s->framing |= HTTP1_CHUNKED;
		s->state = HTTP1_REST;
	}
}

static __always_inline void http1_length_is(struct side *s, __u8 b)
{
	if (letters_is_digit(b) && s->left < CONVERSATION_WITHOUT_END / 20)
		s->left = s->left * 10 + (__u64)(b - '0');
	else if (b == '\r' || b == '\n')
		s->state = b == '\n' ? HTTP1_LINE : HTTP1_REST;
	else if (b != ' ' && b != '\t')
		s->state = HTTP1_BAD;
}

/* The message is whole. */
static __always_inline void http1_done(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->state = HTTP1_START;
	s->framing = 0;
	if (!asks)
		conversation_end(c, to, now_ns);
}

/* A body of so many bytes as are left. */
static __always_inline void http1_body(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	if (s->left)
		s->state = HTTP1_BODY;
	else
		http1_done(c, s, asks, to, now_ns);
}

/* The connection speaks something else from here on: the request is told, without a latency. */
static __always_inline void http1_leave(struct conversation *c, __u64 to)
{
	conversation_end(c, to, 0);
	c->protocol = CONVERSATION_OPAQUE;
}

/* What follows the head of an answer, by its status and what was asked (RFC 9112, 6.3). */
static __always_inline bool http1_has_body(const struct side *s, __u64 kind)
{
	return s->status != 204 && s->status != 304 && kind != HTTP1_HEAD;
}

static __always_inline __u8 http1_outcome(__u16 status)
{
	if (status >= HTTP1_STATUS_SERVER_ERROR)
		return EXCHANGE_FAILED;
	return status >= HTTP1_STATUS_CLIENT_ERROR ? EXCHANGE_REFUSED : EXCHANGE_DONE;
}

static __always_inline void http1_answer_head(struct conversation *c, struct side *s, __u64 to, __u64 now_ns)
{
	__u64 kind;

	if (!conversation_oldest(c, &kind)) {
		s->state = HTTP1_BAD; /* nobody asked: we have lost the thread */
		return;
	}
	kind &= CONVERSATION_KIND;
	s->outcome = http1_outcome(s->status);
	if (s->status == HTTP1_STATUS_SWITCHING || (kind == HTTP1_CONNECT && s->status / 100 == 2)) {
		http1_leave(c, to);
	} else if (s->status < 200) { /* interim */
		s->state = HTTP1_START;
	} else if (!http1_has_body(s, kind)) {
		http1_done(c, s, false, to, now_ns);
	} else if (s->framing & HTTP1_CHUNKED) {
		s->state = HTTP1_SIZE;
	} else {
		if (!(s->framing & HTTP1_HAS_LENGTH))
			s->left = CONVERSATION_WITHOUT_END;
		http1_body(c, s, false, to, now_ns);
	}
}

/* The blank line after a head, or after the trailers. */
static __always_inline void http1_blank(struct conversation *c, struct side *s, bool asks, __u64 to, __u64 now_ns)
{
	s->matched = 0;
	s->number = 0;
	if (s->framing & HTTP1_TRAILERS)
		http1_done(c, s, asks, to, now_ns);
	else if (!asks)
		http1_answer_head(c, s, to, now_ns);
	else if (s->framing & HTTP1_CHUNKED)
		s->state = HTTP1_SIZE;
	else
		http1_body(c, s, true, to, now_ns);
}

static __always_inline int http1_hex(__u8 b)
{
	__u8 low = letters_lower(b);

	if (letters_is_digit(b))
		return b - '0';
	return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

static __always_inline void http1_size(struct side *s, __u8 b)
{
	int digit = http1_hex(b);

	if (digit >= 0 && s->number >> 56 == 0) {
		s->number = s->number << 4 | (__u64)digit;
		s->matched = 1;
	} else if (s->matched && (b == ';' || b == ' ' || b == '\t' || b == '\r')) {
		s->state = HTTP1_SIZE_REST;
	} else {
		s->state = HTTP1_BAD;
	}
}

/* After the last chunk, of size 0, trailers may follow: lines as those of a head. */
static __always_inline void http1_size_rest(struct side *s, __u8 b)
{
	if (b != '\n')
		return;
	s->matched = 0;
	if (s->number == 0) {
		s->framing |= HTTP1_TRAILERS;
		s->state = HTTP1_LINE;
		return;
	}
	s->left = s->number + sizeof("\r\n") - 1;
	s->number = 0;
	s->state = HTTP1_BODY;
}

static __always_inline void http1_next(struct conversation *c, struct side *s, bool asks, __u8 b, __u64 to,
				       __u64 now_ns)
{
	switch (*(volatile __u8 *)&s->state) {
	case HTTP1_START:
		return http1_start(s, asks, b, now_ns);
	case HTTP1_METHOD:
		return http1_method(s, b);
	case HTTP1_TARGET:
		s->matched = 0;
		if (b == ' ')
			s->state = HTTP1_VERSION;
		else if (b == '\n')
			s->state = HTTP1_BAD;
		return;
	case HTTP1_VERSION:
		return http1_request_version(c, s, b);
	case HTTP1_STATUS:
		return http1_status(s, b);
	case HTTP1_LINE:
		if (b == '\n')
			return http1_blank(c, s, asks, to, now_ns);
		return http1_line(s, b);
	case HTTP1_REST:
		if (b == '\n')
			s->state = HTTP1_LINE;
		return;
	case HTTP1_BLANK:
		if (b == '\n')
			return http1_blank(c, s, asks, to, now_ns);
		s->state = HTTP1_BAD;
		return;
	case HTTP1_LENGTH:
	case HTTP1_ENCODING:
		return http1_name(s, b);
	case HTTP1_LENGTH_IS:
		return http1_length_is(s, b);
	case HTTP1_SIZE:
		return http1_size(s, b);
	case HTTP1_SIZE_REST:
		return http1_size_rest(s, b);
	default:
		s->state = HTTP1_BAD;
	}
}

CONVERSATION_GLOBAL int http1_byte(struct conversation *c, bool asks, __u8 b, __u64 to, __u64 now_ns)
{
	if (c)
		http1_next(c, asks ? &c->ask : &c->answer, asks, b, to, now_ns);
	return 0;
}

/* Of eight bytes, those that say nothing up to the end of what does not: of a line, … */
static __always_inline __u32 http1_rest_word(struct side *s, __u64 word)
{
	__u64 ends = letters_marks(word, '\n');

	s->state = ends ? HTTP1_LINE : HTTP1_REST;
	return ends ? letters_before(ends) + 1 : 8;
}

/* … of a target. */
static __always_inline __u32 http1_target_word(__u64 word)
{
	__u64 ends = letters_marks(word, ' ') | letters_marks(word, '\n');

	return ends ? letters_before(ends) : 8;
}

/* Most lines say nothing that frames a body. */
static __always_inline __u32 http1_line_word(struct side *s, __u64 word)
{
	__u64 low = letters_low(word);

	if ((__u8)word == '\r' || (__u8)word == '\n')
		return 0;
	if (low != LETTERS("content-") && low != LETTERS("transfer"))
		return http1_rest_word(s, word);
	s->matched = 8;
	s->state = low == LETTERS("content-") ? HTTP1_LENGTH : HTTP1_ENCODING;
	return 8;
}

static __always_inline __u32 http1_length_word(struct side *s, __u64 word)
{
	if (s->matched != 8 || (letters_low(word) & LETTERS_FIRST(7)) != LETTERS("length:\0"))
		return 0;
	http1_length_follows(s);
	return 7;
}

/* "HTTP/1.1" of an answer; what differs is read byte by byte. */
static __always_inline __u32 http1_answer_word(struct side *s, __u64 word, __u64 now_ns)
{
	if (word != LETTERS("HTTP/1.1"))
		return 0;
	http1_start(s, false, (__u8)word, now_ns);
	s->matched = 8;
	return 8;
}

static __always_inline __u32 http1_status_word(struct side *s, __u64 word)
{
	__u64 digits = (word >> 8 & 0xffffff) - 0x303030; /* of which none borrows: each is one, else the next is odd */

	if (s->matched != 8 || (__u8)word != ' ' || digits & 0xf0f0f0 || (digits + 0x060606) & 0xf0f0f0)
		return 0;
	s->status = (__u16)((digits & 0xf) * 100 + (digits >> 8 & 0xf) * 10 + (digits >> 16 & 0xf));
	s->state = HTTP1_REST;
	return 4;
}

/* The methods of nearly all requests. */
static __always_inline __u32 http1_method_word(struct side *s, __u64 word, __u64 now_ns)
{
	__u32 n = 0;

	if ((word & LETTERS_FIRST(4)) == LETTERS("GET \0\0\0\0"))
		n = 3;
	else if ((word & LETTERS_FIRST(5)) == LETTERS("POST \0\0\0"))
		n = 4;
	if (!n)
		return 0;
	http1_start(s, true, (__u8)word, now_ns);
	s->number = word & LETTERS_FIRST(n);
	s->state = HTTP1_TARGET;
	return n + 1;
}

static __always_inline __u32 http1_version_word(struct side *s, __u64 word)
{
	if (s->matched || word != LETTERS("HTTP/1.1"))
		return 0;
	s->matched = 8;
	return 8;
}

/* Eight bytes at once. Returns how many are done with; 0: they are to be read one by one. */
static __always_inline __u32 http1_word(struct side *s, bool asks, __u64 word, __u64 now_ns)
{
	switch (*(volatile __u8 *)&s->state) {
	case HTTP1_REST:
		return http1_rest_word(s, word);
	case HTTP1_LINE:
		return http1_line_word(s, word);
	case HTTP1_TARGET:
		return http1_target_word(word);
	case HTTP1_VERSION:
		return http1_version_word(s, word);
	case HTTP1_STATUS:
		return http1_status_word(s, word);
	case HTTP1_LENGTH:
		return http1_length_word(s, word);
	case HTTP1_START:
		return asks ? http1_method_word(s, word, now_ns) : http1_answer_word(s, word, now_ns);
	default:
		return 0;
	}
}

/* Neither a body, which http1_pass() is for, nor what we do not understand. */
static __always_inline bool http1_reads(const struct conversation *c, const struct side *s)
{
	__u8 state = *(volatile const __u8 *)&s->state;

	return c->protocol == CONVERSATION_HTTP1 && state != HTTP1_BODY && state != HTTP1_BAD;
}

/* A word or a byte; nothing of a body, and not that which makes no sense. */
static __always_inline __u32 http1_step(struct conversation *c, struct side *s, const struct conversation_piece *p, __u32 i)
{
	__u32 taken = 0;

	if (!http1_reads(c, s))
		return 0;
	if (i + 8 <= p->n && i <= CONVERSATION_PIECE - 8)
		taken = http1_word(s, p->asks, letters_of(p, i), p->now_ns);
	if (taken)
		return taken;
	http1_byte(c, p->asks, p->byte[i], p->to, p->now_ns);
	return *(volatile __u8 *)&s->state != HTTP1_BAD;
}

/* Reads a piece up to a body, or a few steps of it. Returns how many bytes it took. */
CONVERSATION_GLOBAL int http1_read(struct conversation *c, const struct conversation_piece *p)
{
	return conversation_walk(c, p, http1_step, HTTP1_STEPS);
}

/* Of n bytes that come next, those that belong to a body: nobody needs to look at them. */
CONVERSATION_GLOBAL int http1_pass(struct conversation *c, bool asks, __u32 n, __u64 to, __u64 now_ns)
{
	struct side *s;

	if (!c)
		return 0;
	s = asks ? &c->ask : &c->answer;
	if (s->state != HTTP1_BODY)
		return 0;
	if (s->left == CONVERSATION_WITHOUT_END)
		return (int)n;
	n = conversation_take(s, n);
	if (s->left)
		return (int)n;
	if (s->framing & HTTP1_CHUNKED)
		s->state = HTTP1_SIZE;
	else
		http1_done(c, s, asks, to, now_ns);
	return (int)n;
}

/* The side that answers ends its stream: an answer without a length is whole. */
static __always_inline void http1_close(struct conversation *c, __u64 to, __u64 now_ns)
{
	struct side *s = &c->answer;

	if (s->state == HTTP1_BODY && s->left == CONVERSATION_WITHOUT_END)
		http1_done(c, s, false, to, now_ns);
}

/* What a segment begins with, when we do not know where we are: may it be a request? Even in the middle of what nobody
 * heard. */
static __always_inline bool http1_may_begin(__u64 word, bool safe)
{
	(void)safe;
	return (word & LETTERS_FIRST(4)) == LETTERS("GET \0\0\0\0") ||
	       (word & LETTERS_FIRST(4)) == LETTERS("PUT \0\0\0\0") ||
	       (word & LETTERS_FIRST(5)) == LETTERS("POST \0\0\0") ||
	       (word & LETTERS_FIRST(5)) == LETTERS("HEAD \0\0\0") ||
	       (word & LETTERS_FIRST(6)) == LETTERS("PATCH \0\0") ||
	       (word & LETTERS_FIRST(6)) == LETTERS("TRACE \0\0") ||
	       (word & LETTERS_FIRST(7)) == LETTERS("DELETE \0") || word == LETTERS("OPTIONS ") ||
	       word == LETTERS("CONNECT ");
}

/* A letter, of a method, or an empty line before it. The parser finds out what else is none. */
static __always_inline bool http1_opens(__u64 word)
{
	__u8 b = (__u8)word;

	return (b >= 'A' && b <= 'Z') || b == '\r' || b == '\n';
}

#endif
