/* What the process may use, and caches that give way to it. */
#include "core/machine.h"
#include "core/memory.h"

#include <criterion/criterion.h>
#include <sys/resource.h>

#define DATA_BYTES_MAX ((int64_t)256 << 20)

static int64_t asked_for;
static void note(void *argument, int64_t bytes) {
    *(int64_t *)argument += bytes < DATA_BYTES_MAX ? bytes : 0;
}

static void limit_data(void) {
    struct rlimit limit = {.rlim_cur = DATA_BYTES_MAX, .rlim_max = DATA_BYTES_MAX};
    cr_assert_eq(setrlimit(RLIMIT_DATA, &limit), 0);
}

Test(machine, obeys_resource_limits) {
    limit_data();
    cr_assert_leq(machine_memory_bytes(), DATA_BYTES_MAX);
}

Test(machine, asks_caches_before_the_limit) {
    limit_data();
    Error error;
    MemoryAccount account;
    Context cx = {.error = &error, .memory = &account};
    MemoryReclaimer reclaimer = {.reclaim = note, .argument = &asked_for};
    memory_account_init(&account, NULL, "query", 0);
    memory_reclaimer_add(&reclaimer);
    cr_assert_eq(memory_charge(&cx, &account, machine_memory_bytes() / 2), OK);
    cr_assert_eq(asked_for, 0);
    cr_assert_eq(memory_charge(&cx, &account, machine_memory_bytes() / 2), OK);
    cr_assert_eq(asked_for, machine_memory_bytes() / 4);
    memory_reclaimer_remove(&reclaimer);
    cr_assert_eq(memory_charge(&cx, &account, 1000), OK);
    cr_assert_eq(asked_for, machine_memory_bytes() / 4);
    memory_release(&account, 1000 + machine_memory_bytes());
    memory_account_close(&account);
}
