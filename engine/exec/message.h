/* A batch as bytes, to be sent to another node. Codes of a query dictionary and frame-of-reference codes stay codes (the
 * dictionary is known by its identity on every node); everything else is flat; long text follows the views. The bytes are
 * position independent until message_open() turns offsets into pointers; the batch then borrows from them.
 *
 *   MessageHeader | column headers | for each column: data, validity, text bytes (each aligned to 64) */
#ifndef DEPOT_EXEC_MESSAGE_H
#define DEPOT_EXEC_MESSAGE_H

#include "core/vector.h"

typedef struct Message {
    struct Message *next; /* in a link's queue */
    uint32_t from;
    uint32_t rows, column_count;
    uint64_t bytes; /* of everything */
} Message;

/* Counted memory; free with mem_free. `scratch` has a vector per column for flattening. */
Status message_create(const Context *cx, const Batch *in, Vector *scratch, Message **message) MUST_CHECK;
/* A copy for another receiver; of a message that was not opened. */
Status message_copy(const Context *cx, const Message *from, Message **to) MUST_CHECK;
/* `out` (initialised with as many columns) borrows from the message. Once per message. */
void message_open(Message *message, Batch *out);

#endif
