/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/programs.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/probe/kernel_types.h"
#include "base/scope.h"
#include "programs.skel.h"

static char last_words[200]; /* libbpf's last warning that says something */
static char accused[64];     /* the program that a warning was about */

static int __attribute__((format(printf, 2, 0)))
listen_to_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[sizeof(last_words)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	(void)sscanf(line, "libbpf: prog '%63[^']", accused);
	if (!strstr(line, "failed to load object") && !strstr(line, "-- END") && line[0] &&
	    !strstr(line, "failed to load BPF skeleton") && !strstr(line, "failed to auto-attach"))
		memcpy(last_words, line, sizeof(last_words));
	return 0;
}

int programs_say(int r, const char *what, struct err *e)
{
	err_set(e, r == -EPERM || r == -EACCES ? -EPERM : -EOPNOTSUPP, "cannot %s", what);
	err_cause(e, "%s (%s)", last_words[0] ? last_words : "libbpf does not say why", strerror(-r));
	return err_fix(e, "the agent needs Linux 6.1 or newer with BTF, as root or with CAP_BPF and "
			  "CAP_PERFMON; plimsoll doctor says what this machine lacks");
}

static bool belongs(const char *name, const char *stem)
{
	size_t length = strlen(stem);

	return strncmp(name, stem, length) == 0 && name[length] == '_';
}

static int part_of(const char *program)
{
	for (int i = 0; parts[i]; i++)
		if (belongs(program, parts[i]->name))
			return i;
	return -1;
}

static void leave_out(struct programs_bpf *b, const char *stem)
{
	struct bpf_program *program;
	struct bpf_map *map;

	bpf_object__for_each_program(program, b->obj)
		if (belongs(bpf_program__name(program), stem))
			bpf_program__set_autoload(program, false);
	bpf_object__for_each_map(map, b->obj)
		if (belongs(bpf_map__name(map), stem))
			bpf_map__set_autocreate(map, false);
}

/*
 * What the kernel's own types do not name, libbpf looks for in those of modules. That takes CAP_SYS_ADMIN, without which
 * libbpf 1.1 fails instead of taking it for missing. It tries once for an object: so here, where nothing depends on it.
 */
static void leave_out_modules(struct programs_bpf *b)
{
	__u32 id;

	if (bpf_btf_get_next_id(0, &id) < 0 && errno == EPERM)
		(void)bpf_program__set_attach_target(bpf_object__next_program(b->obj, NULL), 0, "no_such_function");
}

static void name_types(struct programs_bpf *b, const struct kernel_types *v)
{
	b->rodata->cast_cgroup = kernel_types_id(v, "cgroup");
	b->rodata->cast_mem_cgroup = kernel_types_id(v, "mem_cgroup");
	b->rodata->cast_task_group = kernel_types_id(v, "task_group");
}

/* NULL: errno says why. When the types cannot be had, libbpf looks for them itself. */
static struct programs_bpf *open_object(struct kernel_types *v)
{
	LIBBPF_OPTS(bpf_object_open_opts, o, .btf_custom_path = v->path);
	struct programs_bpf *b = kernel_types_open(v) == 0 ? programs_bpf__open_opts(&o) : NULL;

	if (b && kernel_types_fill(v, bpf_object__btf(b->obj)) == 0) {
		name_types(b, v);
		return b;
	}
	programs_bpf__destroy(b);
	return programs_bpf__open();
}

static int load_once(struct programs *p, void (*fill)(struct programs_bpf *b, void *data), void *data)
{
	scoped(kernel_types_close) struct kernel_types v = {.fd = -1};

	p->bpf = open_object(&v);
	if (!p->bpf)
		return -errno;
	leave_out_modules(p->bpf);
	fill(p->bpf, data);
	for (int i = 0; parts[i]; i++)
		if (p->refused[i] < 0)
			leave_out(p->bpf, parts[i]->name);
	return programs_bpf__load(p->bpf);
}

static int out_of_the_question(const struct part *part, bool unified, uint32_t also)
{
	if (part->when_asked && !(also & part->groups))
		return -ECANCELED;
	return part->unified && !unified ? -ENODEV : 0;
}

/* An object that failed cannot be loaded again. Each further round has one part less. */
int programs_load(struct programs *p, bool unified, uint32_t also, void (*fill)(struct programs_bpf *b, void *data),
		  void *data, struct err *e)
{
	int r, part;

	*p = (struct programs){0};
	libbpf_set_print(listen_to_libbpf);
	for (int i = 0; parts[i]; i++)
		p->refused[i] = out_of_the_question(parts[i], unified, also);
	for (;;) {
		accused[0] = last_words[0] = '\0';
		r = load_once(p, fill, data);
		if (r == 0)
			return 0;
		programs_close(p);
		part = part_of(accused);
		if (part < 0 || p->refused[part])
			return programs_say(r, "load the kernel programs", e);
		p->refused[part] = r;
	}
}

void programs_close(struct programs *p)
{
	programs_bpf__destroy(p->bpf);
	p->bpf = NULL;
}

/* The skeleton lists each program with the place of its link. */
static struct bpf_prog_skeleton *listed(struct programs_bpf *b, int i)
{
	return (void *)((char *)b->skeleton->progs + (size_t)i * (size_t)b->skeleton->prog_skel_sz);
}

int programs_attach(struct programs_bpf *b, const char *stem)
{
	for (int i = 0; i < b->skeleton->prog_cnt; i++) {
		struct bpf_prog_skeleton *p = listed(b, i);

		if (!belongs(p->name, stem) || !bpf_program__autoattach(*p->prog))
			continue;
		*p->link = bpf_program__attach(*p->prog);
		if (!*p->link)
			return -errno;
	}
	return 0;
}

void programs_detach(struct programs_bpf *b, const char *stem)
{
	for (int i = 0; i < b->skeleton->prog_cnt; i++) {
		struct bpf_prog_skeleton *p = listed(b, i);

		if (!belongs(p->name, stem))
			continue;
		bpf_link__destroy(*p->link);
		*p->link = NULL;
	}
}
