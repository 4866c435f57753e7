/* SPDX-License-Identifier: Apache-2.0 */
#include "aggregator/manifest_exec.h"

#include "base/clock.h"
#include "base/mem.h"

int manifest_exec_words(const struct fields *f, const struct yaml_node *at, const struct yaml_node *list,
			struct manifest *m)
{
	size_t n = 0;

	if (!list || list->kind != YAML_SEQUENCE || !list->child)
		return fields_complain(f, at, "command is missing or no list",
				       "it is a list of words, [/path/to/hook, argument], and no shell reads it");
	m->command = mem_zero((MANIFEST_COMMAND_WORDS + 1) * sizeof(char *));
	for (const struct yaml_node *word = list->child; word; word = word->next) {
		const struct yaml_node *here = at == list ? word : at;

		if (word->kind != YAML_SCALAR)
			return fields_complain(f, here, "a word of the command is no text", "each entry is one argument");
		if (n == MANIFEST_COMMAND_WORDS)
			return fields_complain(f, here, "the command is too long", "64 words are the most");
		m->command[n++] = mem_strdup(word->text);
	}
	return 0;
}

static int read_command(const struct fields *f, const struct yaml_node *exec, struct manifest *m)
{
	const struct yaml_node *list = yaml_get(exec, "command");

	return manifest_exec_words(f, list ? list : exec, list, m);
}

int manifest_exec_read(const struct fields *f, const struct yaml_node *spec, struct manifest *m)
{
	const struct yaml_node *actuator, *exec;
	int code = fields_mapping(f, spec, "actuator", YAML_NAMES("exec", "none"), &actuator);

	if (code < 0)
		return code;
	if (m->policy.enforce && (!actuator || !actuator->child))
		return fields_complain(f, actuator ? actuator : spec, "actuator is missing",
				       "mode Enforce needs one: exec with a command, or none");
	if (actuator && yaml_get(actuator, "exec") && yaml_get(actuator, "none"))
		return fields_complain(f, actuator, "two actuators", "a policy has one: exec or none");
	code = fields_mapping(f, actuator, "exec", YAML_NAMES("command", "timeoutSeconds"), &exec);
	if (code < 0 || !exec)
		return code;
	code = read_command(f, exec, m);
	m->timeout_ns = MANIFEST_EXEC_TIMEOUT_S * CLOCK_NS_PER_S;
	return code < 0 ? code : fields_seconds(f, exec, "timeoutSeconds", 1, 600, &m->timeout_ns);
}
