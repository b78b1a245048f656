/*
 * What the agent has written down before it went away: the namespaces none of whose pods can be in the mesh, whatever their labels.
 *
 *     culvert-outside-namespaces 1
 *     boot <what /proc/sys/kernel/random/boot_id says>
 *     until <seconds of CLOCK_BOOTTIME>
 *     <a namespace>
 *     ...
 *     end
 *
 * Anything else, another boot, a time that is over, and a missing last line mean that nothing is certain.
 */
#ifndef CULVERT_OUTSIDE_H
#define CULVERT_OUTSIDE_H

#include "relay.h"

/* `path` ends with a zero byte that is not counted. */
int outside_for_certain(text path, text namespace, deadline until);

/* The same, of the file's content: for tests of the reading alone. */
int outside_says(text content, text boot, size_t now, text namespace);

#endif
