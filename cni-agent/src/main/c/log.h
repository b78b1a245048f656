/* The plugin's own log, for the operator: one JSON object a line. A log that cannot be written changes nothing else. */
#ifndef CULVERT_LOG_H
#define CULVERT_LOG_H

#include "relay.h"

/*
 * Appends to the file, which is renamed to <path>.1 when it has grown to 10 MiB. `path` ends with a zero byte that is not counted.
 * `pod` is CNI_ARGS as the runtime gave it; details may be empty.
 */
void log_line(text path, const char *level, text message, text details, text pod);

#endif
