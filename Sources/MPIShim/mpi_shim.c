/*
 * libpallet-mpi.so: the few calls of MPI that training on several machines needs, with plain C types.
 *
 * MPI's constants are macros whose values differ between implementations, so this file is compiled with the mpicc of
 * the machine (scripts/build-mpi-shim.sh) and loaded when a launcher has started several processes. The program itself
 * needs no MPI.
 *
 * Every function returns 0, or an error code whose text pallet_mpi_error_text gives. Nothing here ends the process but
 * pallet_mpi_abort. Waiting calls give up after a time, so that a process that is stuck is named and not waited for
 * for ever.
 */
#define _POSIX_C_SOURCE 200809L
#include <mpi.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* Codes of our own; MPI's are positive. */
enum { TIMED_OUT = -1, WRONG_THREAD = -2, TOO_LONG = -3, WRONG_SIZE = -4, NOT_OPEN = -5 };

static int is_open, thread_level;
static pthread_t opener;

/* Changes whenever a function changes; the loader refuses another number. */
EXPORT int pallet_mpi_version(void) { return 1; }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Below MPI_THREAD_SERIALIZED only the thread that opened MPI may call it. */
static int check(void) {
    if (!is_open) return NOT_OPEN;
    if (thread_level < MPI_THREAD_SERIALIZED && !pthread_equal(opener, pthread_self())) return WRONG_THREAD;
    return 0;
}

/* Waits for a request: at first asking all the time, then every 0.1 ms, so that the cores are left to those who
 * compute. timeout in seconds; 0 waits for ever. */
static int finish(MPI_Request *request, double timeout, size_t bytes, int counts) {
    double start = 0;
    for (long round = 0;; round++) {
        int done = 0;
        MPI_Status status;
        int code = MPI_Test(request, &done, &status);
        if (code != MPI_SUCCESS) return code;
        if (done) {
            int received = 0;
            if (!counts) return 0;
            code = MPI_Get_count(&status, MPI_BYTE, &received);
            if (code != MPI_SUCCESS) return code;
            return (size_t)received == bytes ? 0 : WRONG_SIZE;
        }
        if (round < 2000) continue;
        if (start == 0) start = now();
        if (timeout > 0 && now() - start > timeout) return TIMED_OUT;
        struct timespec pause = {0, 100000};
        nanosleep(&pause, NULL);
    }
}

/* Joins the processes that the launcher started. rank: 0 ..< size. */
EXPORT int pallet_mpi_open(int *rank, int *size) {
    int started = 0;
    int code = MPI_Initialized(&started);
    if (code != MPI_SUCCESS) return code;
    if (!started) {
        code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &thread_level);
        if (code != MPI_SUCCESS) return code;
    } else {
        code = MPI_Query_thread(&thread_level);
        if (code != MPI_SUCCESS) return code;
    }
    opener = pthread_self();
    code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    if (code != MPI_SUCCESS) return code;
    code = MPI_Comm_rank(MPI_COMM_WORLD, rank);
    if (code != MPI_SUCCESS) return code;
    code = MPI_Comm_size(MPI_COMM_WORLD, size);
    if (code != MPI_SUCCESS) return code;
    is_open = 1;
    return 0;
}

/* Returns when all have called it. */
EXPORT int pallet_mpi_barrier(double timeout) {
    MPI_Request request;
    int code = check();
    if (code) return code;
    code = MPI_Ibarrier(MPI_COMM_WORLD, &request);
    return code == MPI_SUCCESS ? finish(&request, timeout, 0, 0) : code;
}

/* bytes: the same number everywhere, at most 2^31 − 1. */
EXPORT int pallet_mpi_broadcast(void *data, size_t bytes, int root, double timeout) {
    MPI_Request request;
    int code = check();
    if (code) return code;
    if (bytes > INT32_MAX) return TOO_LONG;
    code = MPI_Ibcast(data, (int)bytes, MPI_BYTE, root, MPI_COMM_WORLD, &request);
    return code == MPI_SUCCESS ? finish(&request, timeout, bytes, 0) : code;
}

EXPORT int pallet_mpi_send(const void *data, size_t bytes, int to, double timeout) {
    MPI_Request request;
    int code = check();
    if (code) return code;
    if (bytes > INT32_MAX) return TOO_LONG;
    code = MPI_Isend(data, (int)bytes, MPI_BYTE, to, 0, MPI_COMM_WORLD, &request);
    return code == MPI_SUCCESS ? finish(&request, timeout, bytes, 0) : code;
}

/* A message of another length than asked for is an error. */
EXPORT int pallet_mpi_receive(void *data, size_t bytes, int from, double timeout) {
    MPI_Request request;
    int code = check();
    if (code) return code;
    if (bytes > INT32_MAX) return TOO_LONG;
    code = MPI_Irecv(data, (int)bytes, MPI_BYTE, from, 0, MPI_COMM_WORLD, &request);
    return code == MPI_SUCCESS ? finish(&request, timeout, bytes, 1) : code;
}

/* Leaves; the last call of a process. */
EXPORT int pallet_mpi_close(void) {
    int code = check();
    if (code) return code;
    is_open = 0;
    return MPI_Finalize();
}

/* Ends all processes of the job. */
EXPORT int pallet_mpi_abort(int code) { return MPI_Abort(MPI_COMM_WORLD, code); }

static void store(char *text, size_t capacity, const char *source) {
    if (capacity == 0) return;
    strncpy(text, source, capacity - 1);
    text[capacity - 1] = 0;
}

/* What an error code means, zero-terminated. */
EXPORT void pallet_mpi_error_text(int code, char *text, size_t capacity) {
    char found[MPI_MAX_ERROR_STRING + 1] = "";
    int length = 0;
    switch (code) {
    case TIMED_OUT: store(text, capacity, "another process did not answer in time"); return;
    case WRONG_THREAD: store(text, capacity, "MPI was called from another thread than the one that opened it"); return;
    case TOO_LONG: store(text, capacity, "a message has more than 2147483647 bytes"); return;
    case WRONG_SIZE: store(text, capacity, "a message has another length than expected"); return;
    case NOT_OPEN: store(text, capacity, "MPI is not open"); return;
    default: break;
    }
    if (MPI_Error_string(code, found, &length) != MPI_SUCCESS) found[0] = 0;
    store(text, capacity, found[0] ? found : "unknown error");
}

/* Name and version of the MPI that this file was compiled for, zero-terminated. */
EXPORT void pallet_mpi_library(char *text, size_t capacity) {
    char found[MPI_MAX_LIBRARY_VERSION_STRING + 1] = "";
    int length = 0;
    if (MPI_Get_library_version(found, &length) != MPI_SUCCESS) found[0] = 0;
    store(text, capacity, found);
}
