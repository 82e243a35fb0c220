// AVX-512 with VNNI: one vector holds the 16 rows of a group. See scalar.c for the formula, packing.h for the layout.
//
// vpdpbusd multiplies unsigned codes with signed activations and sums four products into each row's int32 without
// saturation; the activations come as broadcasts of four bytes from memory, the zero point as the sum's start value.
#if defined(__x86_64__)
#include <immintrin.h>

#include "packing.h"
#include "sets.h"

#pragma clang attribute push(                                                                                     \
    __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), apply_to = function)

#define CK_QUERIES 8
#define CK_SUMS 24
#define CK_FLOAT_SUMS 16
#include "attention.h"

CK_INLINE v16 load_half(const uint8_t *p) {
    return (v16)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(const void *)p));
}

#include "floats.h"

#pragma STDC FP_CONTRACT OFF

CK_INLINE __m512i load_codes(const uint8_t *p) { return _mm512_loadu_si512(p); }

CK_INLINE __m512 bytes_to_floats(const uint8_t *p, const int is_signed) {
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm512_cvtepi32_ps(is_signed ? _mm512_cvtepi8_epi32(bytes) : _mm512_cvtepu8_epi32(bytes));
}

/// The codes of Q2_K and Q3_K.
CK_INLINE void unpack_pairs(const uint8_t *codes, __m512i *q, const uint32_t form) {
    const __m512i pair = _mm512_set1_epi8(3), third = _mm512_set1_epi8(4);
#pragma clang loop unroll(full)
    for (size_t h = 0; h < 2; h++) {
        __m512i pairs = load_codes(codes + 64 * h);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 4; g++)
            q[4 * h + g] = _mm512_and_si512(_mm512_srli_epi16(pairs, (unsigned)(2 * g)), pair);
    }
    if (form != CK_Q3_K) return;
    __m512i high = load_codes(codes + 128);
#pragma clang loop unroll(full)
    for (size_t g = 0; g < 8; g++) {
        __m512i bit = g < 2 ? _mm512_slli_epi16(high, (unsigned)(2 - g)) : _mm512_srli_epi16(high, (unsigned)(g - 2));
        q[g] = _mm512_ternarylogic_epi32(q[g], bit, third, 0xF8);  // q | (bit & third)
    }
}

/// The 8 vectors of unsigned codes of one block of 32 weights; of IQ4 the values that they stand for, plus 128.
CK_INLINE void unpack(const uint8_t *codes, __m512i *q, const uint32_t form) {
    if (form == CK_Q8_0) {
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) q[g] = load_codes(codes + 64 * g);
        return;
    }
    if (form == CK_Q2_K || form == CK_Q3_K) {
        unpack_pairs(codes, q, form);
        return;
    }
    const __m512i low = _mm512_set1_epi8(15);
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 4; j++) {
        __m512i both = load_codes(codes + 64 * j);
        q[j] = _mm512_and_si512(both, low);
        q[j + 4] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
    }
    if (form == CK_Q5_0 || form == CK_Q5_1 || form == CK_Q5_K) {
        const __m512i fifth = _mm512_set1_epi8(16);
        __m512i high = load_codes(codes + 256);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) {
            __m512i bit = g < 4 ? _mm512_slli_epi16(high, (unsigned)(4 - g))
                                : _mm512_srli_epi16(high, (unsigned)(g - 4));
            q[g] = _mm512_ternarylogic_epi32(q[g], bit, fifth, 0xF8);  // q | (bit & fifth)
        }
    }
    if (form == CK_IQ4_NL || form == CK_IQ4_XS) {
        const __m128i values = _mm_loadu_si128((const __m128i *)(const void *)ck_iq4_values);
        const __m512i table = _mm512_xor_si512(_mm512_broadcast_i32x4(values), _mm512_set1_epi8(-128));
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) q[g] = _mm512_shuffle_epi8(table, q[g]);
    }
    if (form == CK_Q6_K) {
        const __m512i upper = _mm512_set1_epi8(48);
#pragma clang loop unroll(full)
        for (size_t h = 0; h < 2; h++) {
            __m512i high = load_codes(codes + 256 + 64 * h);
            q[4 * h] = _mm512_ternarylogic_epi32(q[4 * h], _mm512_slli_epi16(high, 4), upper, 0xF8);
            q[4 * h + 1] = _mm512_ternarylogic_epi32(q[4 * h + 1], _mm512_slli_epi16(high, 2), upper, 0xF8);
            q[4 * h + 2] = _mm512_ternarylogic_epi32(q[4 * h + 2], high, upper, 0xF8);
            q[4 * h + 3] = _mm512_ternarylogic_epi32(q[4 * h + 3], _mm512_srli_epi16(high, 2), upper, 0xF8);
        }
    }
}

CK_INLINE __m512i group_of(const ck_block *a, size_t g) {
    return _mm512_set1_epi32((int32_t)ck_load32((const uint8_t *)a->code + 4 * g));
}

/// start + sum of codes times activations over groups from ... < to
CK_INLINE __m512i dots(const __m512i *q, const ck_block *a, __m512i start, const size_t from, const size_t to) {
#pragma clang loop unroll(full)
    for (size_t g = from; g < to; g++) start = _mm512_dpbusd_epi32(start, q[g], group_of(a, g));
    return start;
}

/// What does not depend on the activations: of one block of 32 weights.
typedef struct block {
    __m512i q[8];
    __m512 scale;            // d, or d * scale
    __m512 min;              // m, or dmin * min; Q2_K: dmin
    __m512 low, high;        // Q6_K, Q3_K, Q2_K: scales of the two halves
    __m512i zero;            // Q6_K, Q3_K: -32 or -4 times the scales as pairs of int16; Q2_K: the minima so
} block;

CK_INLINE __m512 step(const block *b, const ck_block *a, __m512 acc, const uint32_t form) {
    __m512 scale = _mm512_mul_ps(b->scale, _mm512_set1_ps(a->scale));
    if (form == CK_Q6_K || form == CK_Q3_K || form == CK_Q2_K) {
        __m512i zero = _mm512_madd_epi16(b->zero, _mm512_set1_epi32((int32_t)ck_load32((const uint8_t *)a->half_sum)));
        __m512 sum = form == CK_Q2_K ? _mm512_setzero_ps() : _mm512_cvtepi32_ps(zero);
        sum = _mm512_fmadd_ps(b->low, _mm512_cvtepi32_ps(dots(b->q, a, _mm512_setzero_si512(), 0, 4)), sum);
        sum = _mm512_fmadd_ps(b->high, _mm512_cvtepi32_ps(dots(b->q, a, _mm512_setzero_si512(), 4, 8)), sum);
        acc = _mm512_fmadd_ps(scale, sum, acc);
        if (form != CK_Q2_K) return acc;
        __m512 min = _mm512_mul_ps(b->min, _mm512_set1_ps(a->scale));
        return _mm512_fnmadd_ps(min, _mm512_cvtepi32_ps(zero), acc);
    }
    __m512i start = _mm512_setzero_si512();
    if (form == CK_Q4_0) start = _mm512_set1_epi32(a->zero_sum);
    if (form == CK_Q5_0) start = _mm512_slli_epi32(_mm512_set1_epi32(a->zero_sum), 1);
    if (form == CK_Q8_0 || form == CK_IQ4_NL || form == CK_IQ4_XS)
        start = _mm512_slli_epi32(_mm512_set1_epi32(a->zero_sum), 4);
    acc = _mm512_fmadd_ps(scale, _mm512_cvtepi32_ps(dots(b->q, a, start, 0, 8)), acc);
    if (form == CK_Q4_1 || form == CK_Q5_1) return _mm512_fmadd_ps(b->min, _mm512_set1_ps(a->scaled_sum), acc);
    if (form == CK_Q4_K || form == CK_Q5_K) return _mm512_fnmadd_ps(b->min, _mm512_set1_ps(a->scaled_sum), acc);
    return acc;
}

CK_INLINE void load_scales(block *b, const uint8_t *head, size_t sub, const uint32_t form) {
    b->scale = (__m512)load_half(head);
    if (form == CK_Q4_1 || form == CK_Q5_1) b->min = (__m512)load_half(head + 32);
    if (form == CK_IQ4_XS) b->scale = _mm512_mul_ps(b->scale, bytes_to_floats(head + 32 + 16 * sub, 1));
    if (form == CK_Q2_K) {
        const uint8_t *at = head + 64 + 32 * sub;
        const __m512i nibble = _mm512_set1_epi32(15);
        __m512i low = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));
        __m512i high = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(at + 16)));
        b->low = _mm512_cvtepi32_ps(_mm512_and_si512(low, nibble));
        b->high = _mm512_cvtepi32_ps(_mm512_and_si512(high, nibble));
        b->zero = _mm512_or_si512(_mm512_srli_epi32(low, 4), _mm512_slli_epi32(_mm512_srli_epi32(high, 4), 16));
        b->min = (__m512)load_half(head + 32);
    }
    if (form == CK_Q6_K || form == CK_Q3_K) {
        const uint8_t *at = head + 32 + 32 * sub;
        b->low = bytes_to_floats(at, 1);
        b->high = bytes_to_floats(at + 16, 1);
        __m512i low = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)at));
        __m512i high = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)(at + 16)));
        __m512i pairs = _mm512_mask_blend_epi16(0xAAAAAAAA, low, _mm512_slli_epi32(high, 16));
        b->zero = _mm512_sub_epi16(_mm512_setzero_si512(), _mm512_slli_epi16(pairs, form == CK_Q6_K ? 5 : 2));
    } else if (form == CK_Q4_K || form == CK_Q5_K) {
        b->scale = _mm512_mul_ps(b->scale, bytes_to_floats(head + 64 + 16 * sub, 0));
        b->min = _mm512_mul_ps((__m512)load_half(head + 32), bytes_to_floats(head + 192 + 16 * sub, 0));
    }
}

/// How far ahead of what it reads, in bytes, a product fetches. The machine's prefetchers give a core most of the speed of
/// memory, and they go on with a stream only as long as fetches and reads look like one to them: 512 to 1024 bytes ahead
/// give what reading alone reaches, 4096 and more two thirds of it (Zen 4, from Q4_0 to Q8_0).
enum { FETCHED = 1024 };
/// Up to so many activation rows a product waits for memory rather than for its sums (three rows of Q4_0: twice as fast as
/// by two groups at once; from five on there is no difference).
enum { STREAM_ROWS = 4 };

/// n activation rows times g groups. Two groups' sums share what is broadcast; with four the codes no longer fit the
/// registers (a quarter slower from the second-level cache). Few rows take one group, so that memory is read as one
/// stream.
CK_INLINE void blocks_tile(const ck_matrix *w, size_t group, const ck_block *x, size_t stride, float *y,
                           size_t y_stride, const size_t n, const size_t g, const uint32_t form) {
    const size_t subs = ck_forms[form].unit / 32, bytes = ck_forms[form].code_bytes / subs;
    const size_t next = w->group_bytes;
    const uint8_t *panel = w->data + group * next, *ahead = panel + FETCHED;
    __m512 acc[16];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n * g; i++) acc[i] = _mm512_setzero_ps();
    for (size_t unit = 0; unit < w->units; unit++) {
        const uint8_t *head = panel + ck_head_offset(form, unit), *codes = panel + ck_code_offset(form, unit);
        for (size_t sub = 0; sub < subs; sub++, codes += bytes, x += stride) {
#pragma clang loop unroll(full)
            for (size_t j = 0; j < g; j++) {
                block b;
                if (n <= STREAM_ROWS && g == 1) fetch_ahead(&ahead, form);
                // One group's codes after the other: together they do not fit the registers.
                if (n * g >= 8) __asm__ volatile("" ::: "memory");
                unpack(codes + j * next, b.q, form);
                load_scales(&b, head + j * next, sub, form);
#pragma clang loop unroll(full)
                for (size_t i = 0; i < n; i++) acc[i * g + j] = step(&b, x + i, acc[i * g + j], form);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < g; j++) _mm512_storeu_ps(y + i * y_stride + j * CK_ROWS, acc[i * g + j]);
}

/// m rows times g groups in tiles of up to 8 rows.
CK_INLINE void blocks_rows(const ck_matrix *w, size_t group, const ck_block *x, size_t stride, size_t m, float *y,
                           size_t y_stride, const size_t g, const uint32_t form) {
    for (; m >= 8; m -= 8, x += 8, y += 8 * y_stride) blocks_tile(w, group, x, stride, y, y_stride, 8, g, form);
    switch (m) {
    case 7: blocks_tile(w, group, x, stride, y, y_stride, 7, g, form); break;
    case 6: blocks_tile(w, group, x, stride, y, y_stride, 6, g, form); break;
    case 5: blocks_tile(w, group, x, stride, y, y_stride, 5, g, form); break;
    case 4: blocks_tile(w, group, x, stride, y, y_stride, 4, g, form); break;
    case 3: blocks_tile(w, group, x, stride, y, y_stride, 3, g, form); break;
    case 2: blocks_tile(w, group, x, stride, y, y_stride, 2, g, form); break;
    case 1: blocks_tile(w, group, x, stride, y, y_stride, 1, g, form); break;
    default: break;
    }
}

CK_INLINE void blocks_product(const ck_matrix *w, size_t group, size_t groups, const void *x, size_t stride, size_t m,
                              float *y, const uint32_t form) {
    size_t y_stride = groups * CK_ROWS, end = group + groups;
    for (; m > STREAM_ROWS && group + 2 <= end; group += 2, y += 2 * CK_ROWS)
        blocks_rows(w, group, x, stride, m, y, y_stride, 2, form);
    for (; group < end; group++, y += CK_ROWS) blocks_rows(w, group, x, stride, m, y, y_stride, 1, form);
}

#define CK_TILE_LANES 16
#define CK_TILE_BLOCK 12
#include "training.h"
#include "limits.h"

CK_FLOAT_PRODUCTS
CK_BLOCK_PRODUCTS
CK_ROW_KERNELS

#pragma clang attribute pop

const ck_set ck_avx512_set = {.name = "avx512", .limits = &limit_set, CK_PRODUCT_TABLE CK_ROW_KERNEL_TABLE};
#endif
