/* SPDX-License-Identifier: Apache-2.0 */
/* Label selectors: any bytes end in yes, or in no and why. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/obj.h"
#include "decide/label_selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), error[64] = "";

	memcpy(text, data, size);
	text[size] = '\0';
	must(label_selector_check(text, error, sizeof(error)) == !*error);
	free(text);
	return 0;
}
