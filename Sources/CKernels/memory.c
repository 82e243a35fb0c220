// Large aligned memory straight from the system: zeroed, and on huge pages where it gives them.
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ckernels.h"

enum { LARGE = 4 << 20 };

void *ck_allocate(size_t bytes) {
    if (bytes > SIZE_MAX / 2) return 0;
    if (!bytes) bytes = 64;
    if (bytes >= LARGE) {
        // Mapped memory is zero by itself and is given back to the system when it is freed.
        void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return 0;
#ifdef MADV_HUGEPAGE
        madvise(memory, bytes, MADV_HUGEPAGE);
#endif
        return memory;
    }
    void *memory = 0;
    if (posix_memalign(&memory, 64, bytes)) return 0;
    memset(memory, 0, bytes);
    return memory;
}

void ck_free(void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes >= LARGE) munmap(memory, bytes);
    else free(memory);
}
