// Which instruction sets this machine has, and which one is used.
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cklimits.h"
#include "sets.h"

static const ck_set *sets[4];
static size_t count;
static const ck_set *current;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void detect(void) {
    sets[count++] = &ck_scalar_set;
#if defined(__x86_64__)
    __builtin_cpu_init();
    int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    if (avx2) sets[count++] = &ck_avx2_set;
    if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vnni"))
        sets[count++] = &ck_avx512_set;
#endif
    current = sets[count - 1];
    const char *wanted = getenv("PALLET_ISA");
    for (size_t i = 0; wanted && i < count; i++)
        if (!strcmp(wanted, sets[i]->name)) current = sets[i];
}

const ck_set *ck_current_set(void) {
    pthread_once(&once, detect);
    return current;
}

const ck_set *ck_set_at(size_t index) {
    pthread_once(&once, detect);
    return index < count ? sets[index] : 0;
}

size_t ck_set_count(void) {
    pthread_once(&once, detect);
    return count;
}

const char *ck_isa_name(void) { return ck_current_set()->name; }

const ck_limit_set *ck_limits(const ck_set *set) { return set->limits; }
