/* Notices: what a statement tells beside its result ("ENCODE lzo is stored as lz4"). Collected in order, shown by the shell
 * on standard error as NOTICE:. Thread-safe. */
#ifndef DEPOT_CORE_NOTICE_H
#define DEPOT_CORE_NOTICE_H

#include "core/status.h"

typedef struct NoticeList NoticeList;
NoticeList *notice_list_create(void); /* NULL if there is no memory */
void notice_list_free(NoticeList *list);
void notice(const Context *cx, const char *format, ...) FORMAT_LIKE_PRINTF(2, 3);
/* The oldest notice not yet taken, or NULL; valid until the list is freed or cleared. */
const char *notice_take(NoticeList *list);
void notice_list_clear(NoticeList *list);

#endif
