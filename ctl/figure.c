/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/figure.h"

#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

#define MINUTE 60ull
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define S_NS   1000000000ull
#define MS_NS  1000000ull
#define US_NS  1000ull

__attribute__((format(printf, 1, 2))) static struct figure print(const char *format, ...)
{
	struct figure f;
	va_list args;

	va_start(args, format);
	vsnprintf(f.text, sizeof(f.text), format, args);
	va_end(args);
	return f;
}

struct figure figure_none(void)
{
	return print("%s", FIGURE_NONE);
}

struct figure figure_cores(double cores)
{
	if (!isfinite(cores))
		return figure_none();
	return print("%.*f", cores < 9.995 ? 2 : cores < 99.95 ? 1 : 0, cores);
}

/* The largest unit that leaves at least 1; one decimal below 10. */
static struct figure scaled(double n, double base, const char *const *units, size_t n_units)
{
	size_t i = 0;

	if (!isfinite(n))
		return figure_none();
	for (; i + 1 < n_units && n >= base - 0.5; i++)
		n /= base;
	return print("%.*f%s", i && n < 9.95 ? 1 : 0, n, units[i]);
}

struct figure figure_bytes(double bytes)
{
	static const char *const units[] = {"B", "Ki", "Mi", "Gi", "Ti", "Pi"};
	return scaled(bytes, 1024, units, sizeof(units) / sizeof(units[0]));
}

struct figure figure_count(double n)
{
	static const char *const units[] = {"", "k", "M", "G", "T"};
	return scaled(n, 1000, units, sizeof(units) / sizeof(units[0]));
}

struct figure figure_rate(double n)
{
	if (n > 0 && n < 0.05)
		return print("<0.1");
	return n > 0 && n < 9.95 ? print("%.1f", n) : figure_count(n);
}

struct figure figure_share(double share)
{
	double percent = share * 100;

	if (!isfinite(share))
		return figure_none();
	return print("%.*f%%", percent >= 0.05 && percent < 9.95 ? 1 : 0, percent);
}

struct figure figure_duration(uint64_t ns)
{
	unsigned long long s = ns / S_NS;

	if (ns == UINT64_MAX)
		return figure_none();
	if (ns < US_NS)
		return print("%lluns", (unsigned long long)ns);
	if (ns < MS_NS)
		return print("%lluus", (unsigned long long)(ns / US_NS));
	if (ns < 100 * MS_NS)
		return print("%llums", (unsigned long long)(ns / MS_NS));
	if (s < 10)
		return print("%llu.%llus", s, (unsigned long long)(ns % S_NS / (100 * MS_NS)));
	if (s < MINUTE)
		return print("%llus", s);
	if (s < HOUR)
		return print("%llum%02llus", s / MINUTE, s % MINUTE);
	if (s < DAY)
		return print("%lluh%02llum", s / HOUR, s % HOUR / MINUTE);
	return print("%llud%lluh", s / DAY, s % DAY / HOUR);
}

struct figure figure_age(uint64_t ns)
{
	return ns < S_NS ? print("0.%us", (unsigned)(ns / (100 * MS_NS))) : figure_duration(ns);
}

struct figure figure_clock(uint64_t unix_ns)
{
	time_t t = (time_t)(unix_ns / S_NS);
	struct figure f;
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(f.text, sizeof(f.text), "%H:%M:%S", &tm))
		return figure_none();
	return f;
}
