/* Two threads count in one variable on purpose: a run under ThreadSanitizer must fail (sanitizers_bite.sh). */
#include <pthread.h>
#include <stddef.h>

static int counter;

static void *count(void *unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++) {
        counter++;
    }
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, count, NULL);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return 0;
}
