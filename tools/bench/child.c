/* fork, and getrusage's peak of what has ended. */
#include "tools/bench/child.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void answer(bool (*work)(const void *context, double *seconds), const void *context, int to) {
    double seconds = 0;
    bool ok = work(context, &seconds) && write(to, &seconds, sizeof seconds) == (ssize_t)sizeof seconds;
    fflush(stdout);
    _exit(ok ? 0 : 1); /* what the parent has yet to do at its end is the parent's */
}

bool child_run(bool (*work)(const void *context, double *seconds), const void *context, ChildReport *report) {
    int ends[2], status = 1;
    struct rusage usage;
    *report = (ChildReport){0};
    if (pipe(ends) != 0) {
        return false;
    }
    fflush(NULL); /* or it would be written twice */
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        answer(work, context, ends[1]);
    }
    close(ends[1]);
    bool ok = child > 0 && read(ends[0], &report->seconds, sizeof report->seconds) == (ssize_t)sizeof report->seconds;
    close(ends[0]);
    ok = child > 0 && wait4(child, &status, 0, &usage) == child && status == 0 && ok;
    report->peak_mib = ok ? (double)usage.ru_maxrss / 1024 : 0;
    return ok;
}
