/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/label_selector.h"

#include <stdio.h>
#include <string.h>

enum token { END, WORD, COMMA, OPEN, CLOSE, NOT, OPERATOR, IN, BROKEN };

struct parser {
	const char *at; /* behind the token */
	enum token token;
	const char *word; /* the token's bytes */
	size_t size;
	char *error;
	size_t error_size;
};

static bool is_special(char c)
{
	return c && strchr("=!(),><", c);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is(const struct parser *p, const char *word)
{
	return strlen(word) == p->size && !memcmp(word, p->word, p->size);
}

/* "in" and "notin" are words where a key or a value stands. */
static enum token kind_of_word(const struct parser *p, bool values)
{
	return !values && (is(p, "in") || is(p, "notin")) ? IN : WORD;
}

static enum token kind_of_symbol(const struct parser *p)
{
	static const struct {
		const char *text;
		enum token token;
	} symbols[] = {{",", COMMA},	{"(", OPEN},	  {")", CLOSE},	   {"!", NOT},	   {"=", OPERATOR},
		       {"==", OPERATOR}, {"!=", OPERATOR}, {">", OPERATOR}, {"<", OPERATOR}};

	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++)
		if (is(p, symbols[i].text))
			return symbols[i].token;
	return BROKEN;
}

static void next(struct parser *p, bool values)
{
	while (is_blank(*p->at))
		p->at++;
	p->word = p->at;
	if (!*p->at) {
		p->token = END;
	} else if (is_special(*p->at)) {
		p->at += (p->at[0] == '=' || p->at[0] == '!') && p->at[1] == '=' ? 2 : 1;
	} else {
		while (*p->at && !is_special(*p->at) && !is_blank(*p->at))
			p->at++;
	}
	p->size = (size_t)(p->at - p->word);
	if (p->size)
		p->token = is_special(*p->word) ? kind_of_symbol(p) : kind_of_word(p, values);
}

static bool fail(struct parser *p, const char *expected)
{
	snprintf(p->error, p->error_size, "found '%.*s'%s", (int)(p->size < 200 ? p->size : 200), p->word,
		 expected);
	return false;
}

/* "a, b)": the list behind "in (". Commas without a value stand for an empty one. */
static bool values(struct parser *p)
{
	next(p, true);
	if (p->token != OPEN)
		return fail(p, " expected: '('");
	next(p, true);
	if (p->token != WORD && p->token != COMMA && p->token != CLOSE)
		return fail(p, ", expected: ',', ')' or identifier");
	while (p->token != CLOSE) {
		bool word = p->token == WORD;

		if (!word && p->token != COMMA)
			return fail(p, ", expected: ',', or identifier");
		next(p, true);
		if (word && p->token != COMMA && p->token != CLOSE)
			return fail(p, ", expected: ',' or ')'");
	}
	next(p, true);
	return true;
}

static bool one_value(struct parser *p)
{
	next(p, true);
	if (p->token == END || p->token == COMMA)
		return true; /* an empty one */
	if (p->token != WORD)
		return fail(p, ", expected: identifier");
	next(p, true);
	return true;
}

/* Ends with the token behind it. */
static bool requirement(struct parser *p)
{
	bool absent = p->token == NOT;

	if (absent)
		next(p, true);
	if (p->token != WORD)
		return fail(p, ", expected: identifier");
	next(p, false);
	if (p->token == END || p->token == COMMA)
		return true;
	if (p->token == IN)
		return values(p);
	if (p->token == OPERATOR)
		return one_value(p);
	return fail(p, ", expected: in, notin, =, ==, !=, gt, lt");
}

static bool requirements(struct parser *p)
{
	next(p, true);
	if (p->token == END)
		return true;
	if (p->token != WORD && p->token != NOT)
		return fail(p, ", expected: !, identifier, or 'end of string'");
	for (;;) {
		if (!requirement(p)) {
			char inner[320];

			snprintf(inner, sizeof(inner), "%.300s", p->error);
			snprintf(p->error, p->error_size, "unable to parse requirement: %s", inner);
			return false;
		}
		if (p->token == END)
			return true;
		if (p->token != COMMA)
			return fail(p, ", expected: ',' or 'end of string'");
		next(p, true);
		if (p->token != WORD && p->token != NOT)
			return fail(p, ", expected: identifier after ','");
	}
}

bool label_selector_check(const char *text, char *ret_error, size_t size)
{
	struct parser p = {.at = text, .error = ret_error, .error_size = size};

	return requirements(&p);
}
