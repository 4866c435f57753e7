/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only */
/*
 * Text, eight letters at once, as they lie in a word of memory, the first lowest: what the parsers of bpf/ compare and
 * look for without a loop, which would cost the kernel's verifier more than the machine. Pure.
 */
#ifndef BPF_LETTERS_H
#define BPF_LETTERS_H

#include "conversation.h"

/* Eight letters as they lie in memory. Not arrays: clang merges those into a section that no kernel takes. */
#define LETTERS_AT(s, i)  ((__u64)(__u8)(s)[i] << (8 * (i)))
#define LETTERS(s) \
	(LETTERS_AT(s, 0) | LETTERS_AT(s, 1) | LETTERS_AT(s, 2) | LETTERS_AT(s, 3) | \
	 LETTERS_AT(s, 4) | LETTERS_AT(s, 5) | LETTERS_AT(s, 6) | LETTERS_AT(s, 7))
#define LETTERS_FIRST(n) (~0ull >> (64 - 8 * (n))) /* bytes of a word */

static __always_inline __u8 letters_at(__u64 letters, __u8 at)
{
	return (__u8)(letters >> (8 * (at & 7)));
}

static __always_inline bool letters_is_digit(__u8 b)
{
	return b >= '0' && b <= '9';
}

static __always_inline __u8 letters_lower(__u8 b)
{
	return b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b;
}

/* The high bit of each byte of the word that has this value, and perhaps of later ones: the lowest is right
 * (Hacker's Delight, 6-1). */
static __always_inline __u64 letters_marks(__u64 word, __u8 byte)
{
	const __u64 ones = 0x0101010101010101ull;
	__u64 x = word ^ (ones * byte);

	return (x - ones) & ~x & (ones << 7);
}

/* How many bytes come before the first mark: the bits below it, counted by halves. */
static __always_inline __u32 letters_before(__u64 marks)
{
	__u32 n = 0, low = (__u32)marks;

	if (!low) {
		n = 4;
		low = (__u32)(marks >> 32);
	}
	if (!(low & 0xffff)) {
		n += 2;
		low >>= 16;
	}
	return n + !(low & 0xff);
}

static __always_inline __u64 letters_low(__u64 word)
{
	return word | 0x2020202020202020ull; /* a line that this makes a name of is no HTTP anyway */
}

/* The verifier lets programs read unaligned words where the machine does; its compiler has to be told. */
static __always_inline __u64 letters_of(const struct conversation_piece *p, __u32 i)
{
#ifdef __bpf__
	return *(const __u64 *)(p->byte + i);
#else
	__u64 word;

	__builtin_memcpy(&word, p->byte + i, sizeof(word));
	return word;
#endif
}

#endif
