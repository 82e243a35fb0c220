// The kernels of cklimits.h; each instruction set's file includes this inside its target pragma, after training.h,
// whose CK_TILE_LANES says how many floats its vectors have.
#ifndef CK_LIMIT_KERNELS_H
#define CK_LIMIT_KERNELS_H

#include "cklimits.h"
#include "lanes.h"

/// Twelve independent chains hide the latency of every unit known; nothing is read or written on the way.
enum { CHAINS = 12 };

/// Keeps the compiler from knowing a value, so that no product with it is computed once for all rounds.
#define CK_UNKNOWN(vector) __asm__ volatile("" : "+x"(vector))

static size_t limits_float_chains(size_t rounds, float *sink) {
    tile_vector sum[CHAINS], factor = (tile_vector)0.5f + *sink * 0.0f, term = (tile_vector)1.0f + *sink * 0.0f;
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CHAINS; i++) sum[i] = (tile_vector)(float)i;
    for (size_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CHAINS; i++) sum[i] = __builtin_elementwise_fma(sum[i], factor, term);
    }
    tile_vector all = (tile_vector)0.0f;
    for (size_t i = 0; i < CHAINS; i++) all += sum[i];
    for (size_t i = 0; i < CK_TILE_LANES; i++) *sink += all[i];
    return rounds * CHAINS * CK_TILE_LANES * 2;
}

#if CK_TILE_LANES == 16
/// vpdpbusd: 64 products an instruction.
static size_t limits_byte_chains(size_t rounds, int32_t *sink) {
    __m512i sum[CHAINS], code = _mm512_set1_epi8(3), activation = _mm512_set1_epi8((char)*sink);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CHAINS; i++) sum[i] = _mm512_setzero_si512();
    for (size_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CHAINS; i++) sum[i] = _mm512_dpbusd_epi32(sum[i], code, activation);
    }
    for (size_t i = 0; i < CHAINS; i++) *sink += _mm512_reduce_add_epi32(sum[i]);
    return rounds * CHAINS * 64 * 2;
}
#elif CK_TILE_LANES == 8
/// Eight times vpmaddubsw, summed in int16, then one vpmaddwd: 32 products for each vpmaddubsw.
static size_t limits_byte_chains(size_t rounds, int32_t *sink) {
    enum { SUMS = CHAINS / 2 };
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum[SUMS], code = _mm256_set1_epi8(3), activation = _mm256_set1_epi8((char)*sink);
#pragma clang loop unroll(full)
    for (size_t i = 0; i < SUMS; i++) sum[i] = _mm256_setzero_si256();
    for (size_t r = 0; r < rounds; r++) {
#pragma clang loop unroll(full)
        for (size_t i = 0; i < SUMS; i++) {
            __m256i pairs = _mm256_maddubs_epi16(code, activation);
#pragma clang loop unroll(full)
            for (size_t g = 1; g < 8; g++) {
                CK_UNKNOWN(activation);
                pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(code, activation));
            }
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, ones));
        }
    }
    for (size_t i = 0; i < SUMS; i++) {
        int32_t lanes[8];
        _mm256_storeu_si256((__m256i *)(void *)lanes, sum[i]);
        for (size_t lane = 0; lane < 8; lane++) *sink += lanes[lane];
    }
    return rounds * SUMS * 8 * 32 * 2;
}
#else
/// The plain products' inner loop over codes in the first cache, in what the compiler makes of it.
static size_t limits_byte_chains(size_t rounds, int32_t *sink) {
    enum { BYTES = 256 };
    uint8_t code[BYTES];
    int8_t activation[BYTES];
    for (size_t i = 0; i < BYTES; i++) code[i] = 3, activation[i] = (int8_t)*sink;
    int32_t sum = 0;
    for (size_t r = 0; r < rounds; r++) {
        __asm__ volatile("" : : "r"(code), "r"(activation) : "memory");
        int32_t part = 0;
        for (size_t i = 0; i < BYTES; i++) part += code[i] * activation[i];
        sum = (int32_t)((uint32_t)sum + (uint32_t)part);
    }
    *sink ^= sum;
    return rounds * BYTES * 2;
}
#endif

/// From front to back, fetching a little ahead: the fastest way to read that we know.
static uint32_t limits_read(const float *values, size_t count) {
    enum { READ_AHEAD = 1024 };
    typedef uint32_t u16v __attribute__((ext_vector_type(16)));
    u16v all = (u16v)0u;
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        u16v next;
        __builtin_prefetch((const char *)(values + i) + READ_AHEAD, 0, 2);
        __builtin_memcpy(&next, values + i, sizeof next);
        all ^= next;
    }
    uint32_t result = 0;
    for (size_t lane = 0; lane < 16; lane++) result ^= all[lane];
    for (; i < count; i++) {
        uint32_t bits;
        __builtin_memcpy(&bits, values + i, sizeof bits);
        result ^= bits;
    }
    return result;
}

static const ck_limit_set limit_set = {limits_float_chains, limits_byte_chains, limits_read};

#endif
