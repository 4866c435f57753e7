/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Heads of HTTP/2 (HPACK, RFC 7541) of the side that answers, read for two fields: :status and grpc-status. Everything
 * else is passed over, but each entry of the dynamic table is remembered by what it says of these two: fields refer to
 * the entries by their age, newest first, so what was evicted and how large the table is need not be known. What refers to
 * an entry that was not heard, or is older than what is kept, makes the head unsure, never a guess.
 * Input may be cut anywhere. Pure, as conversation.h.
 */
#ifndef BPF_HPACK_H
#define BPF_HPACK_H

#include "letters.h"

/* As many entries as a table of 4096 bytes has at most, each of which counts as 32 and its text. That is the size unless
 * the client asks for more. */
#define HPACK_ENTRIES	   128
#define HPACK_STATIC	   61 /* entries of the static table */
#define HPACK_NO_VALUE	   0x3fff /* of a field */
#define HPACK_SHIFT_LAST   21 /* of a number's digits of 7 bits: 2^28 is more than any head has */
#define HPACK_VALUE_LONGEST 3 /* bytes of a status, coded or not */
#define HPACK_GRPC_LAST	   16 /* code of gRPC */
#define HPACK_CODED_STATUS 0xa3368d84b8ull	 /* ":status" and */
#define HPACK_CODED_GRPC   0x8fda3412b2c8ca9aull /* "grpc-status" in Huffman's code, as they lie in memory */

/* What a field is, in the high bits of what is kept of it; in the low 14 its value. */
enum hpack_class { HPACK_OTHER, HPACK_STATUS, HPACK_GRPC, HPACK_UNSURE /* it may be any */ };

enum hpack_state {
	HPACK_FIELD,  /* at the first byte of one */
	HPACK_SIZE,   /* at the first byte of a string's size */
	HPACK_MORE,   /* at a further byte of a number */
	HPACK_STRING, /* one that is looked at */
	HPACK_PASSED, /* one that is not */
	HPACK_BAD,
};

enum hpack_reads { HPACK_INDEX, HPACK_NAME, HPACK_VALUE };
enum hpack_kind { HPACK_INDEXED, HPACK_KEPT /* it becomes an entry */, HPACK_LITERAL, HPACK_RESIZE };

struct hpack {
	__u8 state;
	__u8 reads;  /* enum hpack_reads: what the number or the string is */
	__u8 kind;   /* enum hpack_kind: of the field */
	__u8 shift;  /* of the number's next digit */
	__u8 coded;  /* the string is in Huffman's code */
	__u8 got;    /* letters of the string */
	__u8 unsure; /* of this head: a field may have been one of the two */
	__u8 grpc;   /* of this head: 1 + the code; 0: it says none */
	__u16 status; /* of this head; 0: it says none */
	__u16 field; /* whose value comes */
	__u16 newest; /* entry */
	__u16 heard;  /* entries, as many as there may be */
	__u32 number; /* that is being read */
	__u32 left;   /* of the string */
	__u64 letters;      /* of the string, the first eight, and … */
	__u64 last_letters;
	__u16 entry[HPACK_ENTRIES];
};

static __always_inline __u16 hpack_field(enum hpack_class class, __u32 value)
{
	return (__u16)(class << 14 | value);
}

static __always_inline enum hpack_class hpack_class_of(__u16 field)
{
	return (enum hpack_class)(field >> 14);
}

static __always_inline __u16 hpack_static(__u32 index)
{
	const __u64 low = 200 | 204ull << 16 | 206ull << 32 | 304ull << 48; /* 8 to 11 */
	const __u64 high = 400 | 404ull << 16 | 500ull << 32;		    /* 12 to 14 */

	if (index < 8 || index > 14)
		return hpack_field(HPACK_OTHER, HPACK_NO_VALUE);
	return hpack_field(HPACK_STATUS, (__u32)((index < 12 ? low : high) >> (16 * (index & 3)) & 0xffff));
}

/* The field that an index stands for. */
static __always_inline __u16 hpack_at(const struct hpack *h, __u32 index)
{
	__u32 age = index - HPACK_STATIC - 1;

	if (index <= HPACK_STATIC)
		return hpack_static(index);
	if (age >= h->heard)
		return hpack_field(HPACK_UNSURE, HPACK_NO_VALUE);
	return h->entry[(h->newest - age) % HPACK_ENTRIES];
}

static __always_inline void hpack_keep(struct hpack *h, __u16 field)
{
	h->newest++;
	h->entry[h->newest % HPACK_ENTRIES] = field;
	if (h->heard < HPACK_ENTRIES)
		h->heard++;
}

/* A field is whole. */
static __always_inline void hpack_says(struct hpack *h, __u16 field)
{
	enum hpack_class class = hpack_class_of(field);
	__u32 value = field & HPACK_NO_VALUE;

	h->state = HPACK_FIELD;
	if (h->kind == HPACK_KEPT)
		hpack_keep(h, field);
	if (class == HPACK_OTHER)
		return;
	if (class == HPACK_UNSURE || value == HPACK_NO_VALUE)
		h->unsure = 1;
	else if (class == HPACK_STATUS)
		h->status = (__u16)value;
	else
		h->grpc = (__u8)(value + 1);
}

static __always_inline __u32 hpack_bits(__u64 letters, __u32 at, __u32 n)
{
	return (__u32)(letters >> (64 - at - n)) & ((1u << n) - 1);
}

/* The digit at bit `at` of coded text, and how many bits it has; 0: there is none. '0' to '2' have 5, the others 6. */
static __always_inline __u32 hpack_coded_digit(__u64 text, __u32 at, __u32 *ret_digit)
{
	__u32 five = hpack_bits(text, at & 31, 5), six = hpack_bits(text, at & 31, 6);

	*ret_digit = five <= 2 ? five : six - 0x19 + 3;
	if (five <= 2)
		return 5;
	return six >= 0x19 && six <= 0x1f ? 6 : 0;
}

/* Digits in Huffman's code; what is left of the last byte is ones. */
static __always_inline __u32 hpack_coded_value(__u64 text, __u32 bytes)
{
	__u32 at = 0, value = 0, digit, n, left;

	for (int i = 0; i < 4; i++) {
		n = at + 5 <= bytes * 8 ? hpack_coded_digit(text, at, &digit) : 0;
		if (!n || at + n > bytes * 8)
			break;
		value = value * 10 + digit;
		at += n;
	}
	left = bytes * 8 - at;
	if (!at || left >= 8 || (left && hpack_bits(text, at & 31, left & 7) != (1u << left) - 1))
		return HPACK_NO_VALUE;
	return value;
}

static __always_inline __u32 hpack_plain_value(__u64 letters, __u32 bytes)
{
	__u32 value = 0;

	for (__u8 i = 0; i < HPACK_VALUE_LONGEST && i < bytes; i++) {
		__u8 b = letters_at(letters, i);

		if (!letters_is_digit(b))
			return HPACK_NO_VALUE;
		value = value * 10 + (__u32)(b - '0');
	}
	return value;
}

/* As it is in a word of numbers, the first letter highest. */
static __always_inline __u64 hpack_turned(__u64 letters)
{
	return (__u64)letters_at(letters, 0) << 56 | (__u64)letters_at(letters, 1) << 48 |
	       (__u64)letters_at(letters, 2) << 40;
}

static __always_inline bool hpack_can_be(enum hpack_class class, __u32 value)
{
	return class == HPACK_STATUS ? value >= 100 && value <= 999 : value <= HPACK_GRPC_LAST;
}

/* The value of one of the two. */
static __always_inline void hpack_valued(struct hpack *h)
{
	enum hpack_class class = hpack_class_of(h->field);
	__u32 value = h->coded ? hpack_coded_value(hpack_turned(h->letters), h->got) :
				 hpack_plain_value(h->letters, h->got);

	if (!h->got || !hpack_can_be(class, value))
		value = HPACK_NO_VALUE;
	hpack_says(h, hpack_field(class, value));
}

/* ":status" and "grpc-status", plain and in Huffman's code. */
static __always_inline enum hpack_class hpack_named(const struct hpack *h)
{
	if (h->coded && h->got == 5)
		return h->letters == HPACK_CODED_STATUS ? HPACK_STATUS : HPACK_OTHER;
	if (h->coded)
		return h->letters == HPACK_CODED_GRPC ? HPACK_GRPC : HPACK_OTHER;
	if (h->got == 7)
		return h->letters == LETTERS(":status\0") ? HPACK_STATUS : HPACK_OTHER;
	return h->letters == LETTERS("grpc-sta") && h->last_letters == LETTERS("tus\0\0\0\0\0") ? HPACK_GRPC :
												   HPACK_OTHER;
}
static __always_inline void hpack_name_is(struct hpack *h, enum hpack_class class)
{
	h->field = hpack_field(class, HPACK_NO_VALUE);
	h->reads = HPACK_VALUE;
	h->state = HPACK_SIZE;
}

/* The string is whole. */
static __always_inline void hpack_told(struct hpack *h, bool looked_at)
{
	if (h->reads == HPACK_NAME)
		hpack_name_is(h, looked_at ? hpack_named(h) : HPACK_OTHER);
	else if (looked_at)
		hpack_valued(h);
	else
		hpack_says(h, h->field);
}

/* May a name of so many bytes be one of the two, may a value be theirs? */
static __always_inline bool hpack_matters(const struct hpack *h, __u32 size)
{
	enum hpack_class class = hpack_class_of(h->field);

	if (h->reads == HPACK_NAME)
		return h->coded ? size == 5 || size == 8 : size == 7 || size == 11;
	return (class == HPACK_STATUS || class == HPACK_GRPC) && size <= HPACK_VALUE_LONGEST;
}

static __always_inline void hpack_string(struct hpack *h, __u32 size)
{
	bool matters = hpack_matters(h, size);

	h->got = 0;
	h->letters = h->last_letters = 0;
	h->left = size;
	h->state = matters ? HPACK_STRING : HPACK_PASSED;
	if (!size)
		hpack_told(h, false);
}

static __always_inline void hpack_index(struct hpack *h, __u32 index)
{
	if (h->kind == HPACK_RESIZE) {
		h->state = HPACK_FIELD; /* entries are told by their age */
	} else if (h->kind == HPACK_INDEXED) {
		if (index)
			hpack_says(h, hpack_at(h, index));
		else
			h->state = HPACK_BAD;
	} else if (index) {
		hpack_name_is(h, hpack_class_of(hpack_at(h, index)));
	} else {
		h->reads = HPACK_NAME;
		h->state = HPACK_SIZE;
	}
}

static __always_inline void hpack_numbered(struct hpack *h)
{
	if (h->reads == HPACK_INDEX)
		hpack_index(h, h->number);
	else
		hpack_string(h, h->number);
}

/* A number begins in the low bits of a byte; all ones: it goes on. */
static __always_inline void hpack_number(struct hpack *h, __u8 b, __u8 bits)
{
	h->number = b & bits;
	h->shift = 0;
	if (h->number == bits)
		h->state = HPACK_MORE;
	else
		hpack_numbered(h);
}

static __always_inline void hpack_more(struct hpack *h, __u8 b)
{
	h->number += (__u32)(b & 0x7f) << (h->shift & 31);
	h->shift += 7;
	if (!(b & 0x80))
		hpack_numbered(h);
	else if (h->shift > HPACK_SHIFT_LAST)
		h->state = HPACK_BAD;
}

static __always_inline void hpack_begins(struct hpack *h, __u8 b)
{
	__u8 bits = 0x0f; /* not to be kept, by whoever passes it on either */

	h->reads = HPACK_INDEX;
	h->kind = HPACK_LITERAL;
	if (b & 0x80) {
		h->kind = HPACK_INDEXED;
		bits = 0x7f;
	} else if (b & 0x40) {
		h->kind = HPACK_KEPT;
		bits = 0x3f;
	} else if (b & 0x20) {
		h->kind = HPACK_RESIZE;
		bits = 0x1f;
	}
	hpack_number(h, b, bits);
}

static __always_inline void hpack_letter(struct hpack *h, __u8 b)
{
	if (h->got < 8)
		h->letters |= (__u64)b << (8 * (h->got & 7));
	else
		h->last_letters |= (__u64)b << (8 * (h->got & 7));
	h->got++;
	if (--h->left == 0)
		hpack_told(h, true);
}

CONVERSATION_GLOBAL int hpack_byte(struct hpack *h, __u8 b)
{
	if (!h)
		return 0;
	switch (*(volatile __u8 *)&h->state) {
	case HPACK_FIELD:
		hpack_begins(h, b);
		return 0;
	case HPACK_SIZE:
		h->coded = b >> 7;
		hpack_number(h, b, 0x7f);
		return 0;
	case HPACK_MORE:
		hpack_more(h, b);
		return 0;
	case HPACK_STRING:
		hpack_letter(h, b);
		return 0;
	default:
		h->state = HPACK_BAD;
	}
	return 0;
}

/* Of n bytes that come next, those of a string that nobody needs to look at. */
CONVERSATION_GLOBAL int hpack_pass(struct hpack *h, __u32 n)
{
	if (!h || h->state != HPACK_PASSED)
		return 0;
	if (n < h->left) {
		h->left -= n;
		return (int)n;
	}
	n = h->left;
	h->left = 0;
	hpack_told(h, false);
	return (int)n;
}

/* A head begins: it says nothing yet. */
static __always_inline void hpack_begin(struct hpack *h)
{
	h->state = HPACK_FIELD;
	h->status = 0;
	h->grpc = 0;
	h->unsure = 0;
}

#endif
