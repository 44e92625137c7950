/* The lock of the one writer. It is an open-file-description lock, so two commits of one process exclude each other as those of
 * two processes do, and a dead writer holds nothing. */
#include "storage/warehouse_state.h"

#include "core/hash.h"
#include "storage/host.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TEXT_MAX 256
#define WAIT_STEP_MS 2

typedef struct LockText {
    int pid;
    char boot[HOST_BOOT_ID_MAX];
    char state[8]; /* "busy" or "done" */
    uint64_t next_id;
} LockText;

static size_t lock_text_encode(const LockText *content, char *text) {
    int bytes = snprintf(text, LOCK_TEXT_MAX, "writer pid %d boot %s state %s next %" PRIu64 " checksum ", content->pid,
                         content->boot, content->state, content->next_id);
    int more = snprintf(text + bytes, LOCK_TEXT_MAX - (size_t)bytes, "%016" PRIx64 "\n", hash_bytes(text, (size_t)bytes, 0));
    return (size_t)bytes + (size_t)more;
}

/* False if it is empty or damaged: nothing is known then, and a writer cleans up. */
static bool lock_text_decode(const char *text, size_t bytes, LockText *content) {
    char copy[LOCK_TEXT_MAX + 1] = {0}, right[LOCK_TEXT_MAX];
    memcpy(copy, text, bytes);
    *content = (LockText){0};
    return sscanf(copy, "writer pid %d boot %47s state %7s next %" SCNu64, &content->pid, content->boot, content->state,
                  &content->next_id) == 4 &&
           lock_text_encode(content, right) == bytes && memcmp(text, right, bytes) == 0;
}

static Status read_lock_text(const Context *cx, File *file, bool *is_known, LockText *content) {
    char text[LOCK_TEXT_MAX];
    size_t bytes;
    TRY(file_read_some(cx, file, 0, text, sizeof text, &bytes));
    *is_known = lock_text_decode(text, bytes, content);
    return OK;
}

static void sleep_ms(uint32_t ms) {
    struct timespec time = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&time, NULL);
}

static Status fail_held(const Context *cx, File *file) {
    bool is_known;
    LockText content;
    TRY(read_lock_text(cx, file, &is_known, &content));
    if (is_known) {
        fail(cx, LOCK_NOT_AVAILABLE, "another writer (process %d) is changing the warehouse", content.pid);
    } else {
        fail(cx, LOCK_NOT_AVAILABLE, "another writer is changing the warehouse");
    }
    return fail_hint(cx, "one writer at a time: wait until it has committed, or end it");
}

static Status lock_opened(const Context *cx, uint32_t wait_ms, WriterLock *lock) {
    for (uint32_t waited_ms = 0;; waited_ms += WAIT_STEP_MS) {
        bool acquired;
        TRY(file_lock(cx, lock->file, FILE_LOCK_EXCLUSIVE, &acquired));
        if (acquired) {
            break;
        }
        if (waited_ms >= wait_ms) {
            return fail_held(cx, lock->file);
        }
        TRY(check_cancel(cx));
        sleep_ms(WAIT_STEP_MS);
    }
    bool is_known;
    LockText content;
    TRY(read_lock_text(cx, lock->file, &is_known, &content));
    lock->was_clean = is_known && strcmp(content.state, "done") == 0 && strcmp(content.boot, host_boot_id()) == 0;
    lock->next_id = is_known ? content.next_id : 0;
    return OK;
}

Status writer_lock_acquire(const Context *cx, FileSystem *files, uint32_t wait_ms, WriterLock *lock) {
    *lock = (WriterLock){0};
    TRY(file_open(cx, files, LOCK_FILE, FILE_UPDATE_OR_MAKE, &lock->file));
    Status status = lock_opened(cx, wait_ms, lock);
    if (status != OK) {
        writer_lock_release(lock);
    }
    return status;
}

Status writer_lock_mark(const Context *cx, WriterLock *lock, WriterMark mark) {
    LockText content = {.pid = (int)getpid(), .next_id = lock->next_id};
    snprintf(content.boot, sizeof content.boot, "%s", host_boot_id());
    snprintf(content.state, sizeof content.state, "%s", mark == WRITER_DONE ? "done" : "busy");
    char text[LOCK_TEXT_MAX];
    return file_overwrite(cx, lock->file, text, lock_text_encode(&content, text));
}

void writer_lock_release(WriterLock *lock) {
    file_close(lock->file);
    lock->file = NULL;
}
