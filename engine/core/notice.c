/* The list of notices of a session. */
#include "core/notice.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTICES_MAX 1000 /* a load with a bad option must not fill memory */

typedef struct Notice {
    struct Notice *next;
    char text[];
} Notice;

struct NoticeList {
    pthread_mutex_t lock;
    Notice *first, **last;
    Notice *taken; /* next to take */
    uint32_t count;
};

NoticeList *notice_list_create(void) {
    NoticeList *list = calloc(1, sizeof *list);
    if (list != NULL) {
        pthread_mutex_init(&list->lock, NULL);
        list->last = &list->first;
    }
    return list;
}

void notice_list_clear(NoticeList *list) {
    pthread_mutex_lock(&list->lock);
    for (Notice *notice = list->first; notice != NULL;) {
        Notice *next = notice->next;
        free(notice);
        notice = next;
    }
    list->first = list->taken = NULL;
    list->last = &list->first;
    list->count = 0;
    pthread_mutex_unlock(&list->lock);
}

void notice_list_free(NoticeList *list) {
    if (list != NULL) {
        notice_list_clear(list);
        pthread_mutex_destroy(&list->lock);
        free(list);
    }
}

void notice(const Context *cx, const char *format, ...) {
    NoticeList *list = cx->notices;
    if (list == NULL) {
        return;
    }
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    Notice *notice = malloc(sizeof *notice + strlen(text) + 1);
    if (notice == NULL) {
        return;
    }
    strcpy(notice->text, text);
    notice->next = NULL;
    pthread_mutex_lock(&list->lock);
    bool keep = list->count < NOTICES_MAX;
    if (keep) {
        list->count++;
        *list->last = notice;
        list->last = &notice->next;
        if (list->taken == NULL) {
            list->taken = notice;
        }
    }
    pthread_mutex_unlock(&list->lock);
    if (!keep) {
        free(notice);
    }
}

const char *notice_take(NoticeList *list) {
    pthread_mutex_lock(&list->lock);
    Notice *notice = list->taken;
    if (notice != NULL) {
        list->taken = notice->next;
    }
    pthread_mutex_unlock(&list->lock);
    return notice == NULL ? NULL : notice->text;
}
