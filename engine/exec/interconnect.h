/* The transport between nodes: what an exchange needs of a network, and nothing more. This one is in process: a link is a queue
 * in memory, but nothing passes it that is not a self-contained run of bytes (exec/message.h).
 *
 * Flow control is by credit: a sender takes one credit per message and link, the receiver gives it back when it takes the
 * message. Whoever has none waits for `room` of the receiver; a receiver without messages waits for `arrived`. Errors need no
 * message of their own: a task that fails stops the query on all nodes. */
#ifndef DEPOT_EXEC_INTERCONNECT_H
#define DEPOT_EXEC_INTERCONNECT_H

#include "exec/exec.h"
#include "exec/message.h"

typedef struct Interconnect Interconnect;

/* Links between all `places` (nodes and leader), `credit` messages each. */
Status interconnect_open(const Context *cx, uint32_t places, uint32_t credit, Interconnect **interconnect) MUST_CHECK;
void interconnect_free(Interconnect *interconnect); /* NULL is fine; messages under way are dropped */

/* Takes a credit of each wanted link, or none: then the task waits for one (answer BLOCKED). Closed receivers cost nothing. */
bool interconnect_take_credit(Task *task, Interconnect *interconnect, uint32_t from, const bool *wanted);
/* Sends one message (moved) on a link whose credit was taken; a closed receiver drops it. */
void interconnect_send(Query *query, Interconnect *interconnect, uint32_t from, uint32_t to, Message *message);
/* `from` sends nothing more. */
void interconnect_end(Query *query, Interconnect *interconnect, uint32_t from);

/* The next message for `to`, from `from` or (UINT32_MAX) from anyone; owned by the caller. NULL: *over says that none will
 * come, else the task waits for one (answer BLOCKED). `senders`: how many places send. */
Message *interconnect_receive(Task *task, Interconnect *interconnect, uint32_t to, uint32_t from, uint32_t senders, bool *over);
/* `to` wants nothing more: what is under way is dropped, senders are not held up. */
void interconnect_close(Query *query, Interconnect *interconnect, uint32_t to);
/* What was sent so far between different places: messages, and the bytes that they took. */
void interconnect_count(const Interconnect *interconnect, uint64_t *messages, uint64_t *bytes);
bool interconnect_is_closed(const Interconnect *interconnect, uint32_t to);

#endif
