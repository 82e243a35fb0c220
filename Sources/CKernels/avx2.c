// AVX2 with FMA and F16C: a vector holds 8 of the 16 rows of a group, so each group has two halves. See scalar.c for
// the formula, packing.h for the layout.
//
// vpmaddubsw sums pairs of unsigned code times signed activation in int16. Codes of 4 bits: eight such results fit
// int16 (30 480); of 5 bits four (31 496); of 6 bits two (32 004); of 3 bits and less all. Q8_0, and IQ4, whose codes
// stand for values of 8 bits, multiply |code| with the activation that has
// the code's sign: one result (128 * 127 * 2 = 32 512), exact for -128 too, because |-128| is 128 as unsigned byte and
// activations never are -128.
#if defined(__x86_64__)
#include <immintrin.h>

#include "packing.h"
#include "sets.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define CK_QUERIES 4
#define CK_SUMS 6
#define CK_FLOAT_SUMS 8
#include "attention.h"

CK_INLINE __m256 load_half8(const uint8_t *p) {
    return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)p));
}

CK_INLINE v16 load_half(const uint8_t *p) {
    return __builtin_shufflevector(load_half8(p), load_half8(p + 16), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
                                   14, 15);
}

#include "floats.h"

#pragma STDC FP_CONTRACT OFF

CK_INLINE __m256i load_codes(const uint8_t *p) { return _mm256_loadu_si256((const __m256i *)(const void *)p); }

CK_INLINE __m256i load_bytes(const uint8_t *p, const int is_signed) {
    __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return is_signed ? _mm256_cvtepi8_epi32(bytes) : _mm256_cvtepu8_epi32(bytes);
}

/// The codes of Q2_K and Q3_K.
CK_INLINE void unpack_pairs(const uint8_t *codes, __m256i *q, const uint32_t form) {
    const __m256i pair = _mm256_set1_epi8(3), third = _mm256_set1_epi8(4);
#pragma clang loop unroll(full)
    for (size_t h = 0; h < 2; h++) {
        __m256i pairs = load_codes(codes + 64 * h);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 4; g++)
            q[4 * h + g] = _mm256_and_si256(_mm256_srli_epi16(pairs, (int)(2 * g)), pair);
    }
    if (form != CK_Q3_K) return;
    __m256i high = load_codes(codes + 128);
#pragma clang loop unroll(full)
    for (size_t g = 0; g < 8; g++) {
        __m256i bit = g < 2 ? _mm256_slli_epi16(high, (int)(2 - g)) : _mm256_srli_epi16(high, (int)(g - 2));
        q[g] = _mm256_or_si256(q[g], _mm256_and_si256(bit, third));
    }
}

/// The 8 vectors of codes of one block of 32 weights and 8 rows: unsigned, Q8_0 signed, of IQ4 what they stand for.
CK_INLINE void unpack(const uint8_t *codes, __m256i *q, const uint32_t form) {
    if (form == CK_Q8_0) {
        const __m256i sign = _mm256_set1_epi8(-128);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) q[g] = _mm256_xor_si256(load_codes(codes + 64 * g), sign);
        return;
    }
    if (form == CK_Q2_K || form == CK_Q3_K) {
        unpack_pairs(codes, q, form);
        return;
    }
    const __m256i low = _mm256_set1_epi8(15);
#pragma clang loop unroll(full)
    for (size_t j = 0; j < 4; j++) {
        __m256i both = load_codes(codes + 64 * j);
        q[j] = _mm256_and_si256(both, low);
        q[j + 4] = _mm256_and_si256(_mm256_srli_epi16(both, 4), low);
    }
    if (form == CK_Q5_0 || form == CK_Q5_1 || form == CK_Q5_K) {
        const __m256i fifth = _mm256_set1_epi8(16);
        __m256i high = load_codes(codes + 256);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) {
            __m256i bit = g < 4 ? _mm256_slli_epi16(high, (int)(4 - g)) : _mm256_srli_epi16(high, (int)(g - 4));
            q[g] = _mm256_or_si256(q[g], _mm256_and_si256(bit, fifth));
        }
    }
    if (form == CK_IQ4_NL || form == CK_IQ4_XS) {
        const __m128i values = _mm_loadu_si128((const __m128i *)(const void *)ck_iq4_values);
        const __m256i table = _mm256_broadcastsi128_si256(values);
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) q[g] = _mm256_shuffle_epi8(table, q[g]);
    }
    if (form == CK_Q6_K) {
        const __m256i upper = _mm256_set1_epi8(48);
#pragma clang loop unroll(full)
        for (size_t h = 0; h < 2; h++) {
            __m256i high = load_codes(codes + 256 + 64 * h);
            q[4 * h] = _mm256_or_si256(q[4 * h], _mm256_and_si256(_mm256_slli_epi16(high, 4), upper));
            q[4 * h + 1] = _mm256_or_si256(q[4 * h + 1], _mm256_and_si256(_mm256_slli_epi16(high, 2), upper));
            q[4 * h + 2] = _mm256_or_si256(q[4 * h + 2], _mm256_and_si256(high, upper));
            q[4 * h + 3] = _mm256_or_si256(q[4 * h + 3], _mm256_and_si256(_mm256_srli_epi16(high, 2), upper));
        }
    }
}

CK_INLINE __m256i group_of(const ck_block *a, size_t g) {
    return _mm256_set1_epi32((int32_t)ck_load32((const uint8_t *)a->code + 4 * g));
}

/// Pair sums of groups from ... < to in int16; the caller sees to the range.
CK_INLINE __m256i pairs(const __m256i *q, const ck_block *a, const size_t from, const size_t to) {
    __m256i sum = _mm256_maddubs_epi16(q[from], group_of(a, from));
#pragma clang loop unroll(full)
    for (size_t g = from + 1; g < to; g++) sum = _mm256_add_epi16(sum, _mm256_maddubs_epi16(q[g], group_of(a, g)));
    return sum;
}

/// What does not depend on the activations: of one block of 32 weights and 8 rows.
typedef struct block {
    __m256i q[8];
    __m256 scale;            // d, or d * scale
    __m256 min;              // m, or dmin * min; Q2_K: dmin
    __m256i low, high;       // Q6_K, Q3_K, Q2_K: scales of the two halves, each twice as int16
    __m256i zero;            // Q6_K, Q3_K: -32 or -4 times the scales as pairs of int16; Q2_K: the minima so
} block;

/// What stands in `zero` times the sums of the halves' activations.
CK_INLINE __m256i zero_sum(const block *b, const ck_block *a) {
    return _mm256_madd_epi16(b->zero, _mm256_set1_epi32((int32_t)ck_load32((const uint8_t *)a->half_sum)));
}

CK_INLINE __m256i block_sum(const block *b, const ck_block *a, const uint32_t form) {
    const __m256i ones = _mm256_set1_epi16(1);
    if (form == CK_Q8_0 || form == CK_IQ4_NL || form == CK_IQ4_XS) {
        __m256i sum = _mm256_setzero_si256();
#pragma clang loop unroll(full)
        for (size_t g = 0; g < 8; g++) {
            __m256i signed_activation = _mm256_sign_epi8(group_of(a, g), b->q[g]);
            __m256i products = _mm256_maddubs_epi16(_mm256_abs_epi8(b->q[g]), signed_activation);
            sum = _mm256_add_epi32(sum, _mm256_madd_epi16(products, ones));
        }
        return sum;
    }
    if (form == CK_Q6_K) {
        __m256i sum = zero_sum(b, a);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs(b->q, a, 0, 2), b->low));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs(b->q, a, 2, 4), b->low));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs(b->q, a, 4, 6), b->high));
        return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs(b->q, a, 6, 8), b->high));
    }
    if (form == CK_Q2_K || form == CK_Q3_K) {
        __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs(b->q, a, 0, 4), b->low),
                                       _mm256_madd_epi16(pairs(b->q, a, 4, 8), b->high));
        return form == CK_Q3_K ? _mm256_add_epi32(sum, zero_sum(b, a)) : sum;
    }
    if (form == CK_Q4_0 || form == CK_Q4_1 || form == CK_Q4_K) {
        __m256i sum = _mm256_madd_epi16(pairs(b->q, a, 0, 8), ones);
        return form == CK_Q4_0 ? _mm256_add_epi32(sum, _mm256_set1_epi32(a->zero_sum)) : sum;
    }
    __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(pairs(b->q, a, 0, 4), ones),
                                   _mm256_madd_epi16(pairs(b->q, a, 4, 8), ones));
    if (form != CK_Q5_0) return sum;
    return _mm256_add_epi32(sum, _mm256_slli_epi32(_mm256_set1_epi32(a->zero_sum), 1));
}

CK_INLINE __m256 step(const block *b, const ck_block *a, __m256 acc, const uint32_t form) {
    __m256 scale = _mm256_mul_ps(b->scale, _mm256_set1_ps(a->scale));
    acc = _mm256_fmadd_ps(scale, _mm256_cvtepi32_ps(block_sum(b, a, form)), acc);
    if (form == CK_Q4_1 || form == CK_Q5_1) return _mm256_fmadd_ps(b->min, _mm256_set1_ps(a->scaled_sum), acc);
    if (form == CK_Q4_K || form == CK_Q5_K) return _mm256_fnmadd_ps(b->min, _mm256_set1_ps(a->scaled_sum), acc);
    if (form == CK_Q2_K) {
        __m256 min = _mm256_mul_ps(b->min, _mm256_set1_ps(a->scale));
        return _mm256_fnmadd_ps(min, _mm256_cvtepi32_ps(zero_sum(b, a)), acc);
    }
    return acc;
}

/// head: of the unit, moved on to the half's rows where fields are bytes or halfs.
CK_INLINE void load_scales(block *b, const uint8_t *head, size_t sub, const size_t half, const uint32_t form) {
    __m256 d = load_half8(head + 16 * half);
    b->scale = d;
    if (form == CK_IQ4_XS) {
        b->scale = _mm256_mul_ps(d, _mm256_cvtepi32_ps(load_bytes(head + 32 + 16 * sub + 8 * half, 1)));
    } else if (form == CK_Q2_K) {
        const uint8_t *at = head + 64 + 32 * sub + 8 * half;
        const __m256i nibble = _mm256_set1_epi32(15);
        __m256i first = load_bytes(at, 0), second = load_bytes(at + 16, 0);
        __m256i low = _mm256_and_si256(first, nibble), high = _mm256_and_si256(second, nibble);
        b->low = _mm256_or_si256(low, _mm256_slli_epi32(low, 16));
        b->high = _mm256_or_si256(high, _mm256_slli_epi32(high, 16));
        b->zero = _mm256_or_si256(_mm256_srli_epi32(first, 4), _mm256_slli_epi32(_mm256_srli_epi32(second, 4), 16));
        b->min = load_half8(head + 32 + 16 * half);
    } else if (form == CK_Q6_K || form == CK_Q3_K) {
        const uint8_t *at = head + 32 + 32 * sub + 8 * half;
        __m256i low = _mm256_and_si256(load_bytes(at, 1), _mm256_set1_epi32(0xFFFF));
        __m256i high = _mm256_and_si256(load_bytes(at + 16, 1), _mm256_set1_epi32(0xFFFF));
        b->low = _mm256_or_si256(low, _mm256_slli_epi32(low, 16));
        b->high = _mm256_or_si256(high, _mm256_slli_epi32(high, 16));
        __m256i both = _mm256_blend_epi16(low, b->high, 0xAA);
        b->zero = _mm256_sub_epi16(_mm256_setzero_si256(), _mm256_slli_epi16(both, form == CK_Q6_K ? 5 : 2));
    } else if (form == CK_Q4_K || form == CK_Q5_K) {
        __m256 m = load_half8(head + 32 + 16 * half);
        b->scale = _mm256_mul_ps(d, _mm256_cvtepi32_ps(load_bytes(head + 64 + 16 * sub + 8 * half, 0)));
        b->min = _mm256_mul_ps(m, _mm256_cvtepi32_ps(load_bytes(head + 192 + 16 * sub + 8 * half, 0)));
    } else if (form == CK_Q4_1 || form == CK_Q5_1) {
        b->min = load_half8(head + 32 + 16 * half);
    }
}

/// How far ahead of what it reads, in bytes, a product fetches: with these loads of half a line and longer sums, 8 to
/// 16 kB give 80 to 100 % of the speed of reading, 2 to 4 kB half of it (Zen 4, Q4_0, Q4_K, Q6_K; 512 bytes are as good for
/// Q4 but not for Q6_K; Q8_0, with its short sums, had 24 GB/s so and 30 by 1 kB).
enum { FETCHED = 16384 };

/// n activation rows times g groups, of each `halves` halves from half `first` on.
CK_INLINE void blocks_tile(const ck_matrix *w, size_t group, const ck_block *x, size_t stride, float *y,
                           size_t y_stride, const size_t n, const size_t g, const size_t first, const size_t halves,
                           const uint32_t form) {
    const size_t subs = ck_forms[form].unit / 32, bytes = ck_forms[form].code_bytes / subs;
    const size_t next = w->group_bytes;
    const uint8_t *panel = w->data + group * next, *ahead = panel + FETCHED;
    __m256 acc[4][4][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < g; j++) acc[i][j][0] = acc[i][j][1] = _mm256_setzero_ps();
    for (size_t unit = 0; unit < w->units; unit++) {
        const uint8_t *head = panel + ck_head_offset(form, unit), *codes = panel + ck_code_offset(form, unit);
        for (size_t sub = 0; sub < subs; sub++, codes += bytes, x += stride) {
#pragma clang loop unroll(full)
            for (size_t part = 0; part < g * halves; part++) {
                size_t j = part / halves, h = part % halves;
                block b;
                if (n <= 2 && h == 0) fetch_ahead(&ahead, form);
                unpack(codes + j * next + 32 * (first + h), b.q, form);
                load_scales(&b, head + j * next, sub, first + h, form);
#pragma clang loop unroll(full)
                for (size_t i = 0; i < n; i++) acc[i][j][h] = step(&b, x + i, acc[i][j][h], form);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t part = 0; part < g * halves; part++) {
            size_t j = part / halves, h = part % halves;
            _mm256_storeu_ps(y + i * y_stride + CK_ROWS * j + 8 * (first + h), acc[i][j][h]);
        }
}

/// One half of a group after the other, so that the sums of four rows stay in registers.
CK_INLINE void blocks_rows(const ck_matrix *w, size_t group, const ck_block *x, size_t stride, size_t m, float *y,
                           size_t y_stride, const uint32_t form) {
    for (; m >= 4; m -= 4, x += 4, y += 4 * y_stride) {
        blocks_tile(w, group, x, stride, y, y_stride, 4, 1, 0, 1, form);
        blocks_tile(w, group, x, stride, y, y_stride, 4, 1, 1, 1, form);
    }
    if (m == 3) {
        blocks_tile(w, group, x, stride, y, y_stride, 3, 1, 0, 1, form);
        blocks_tile(w, group, x, stride, y, y_stride, 3, 1, 1, 1, form);
    } else if (m == 2) {
        blocks_tile(w, group, x, stride, y, y_stride, 2, 1, 0, 2, form);
    } else if (m == 1) {
        blocks_tile(w, group, x, stride, y, y_stride, 1, 1, 0, 2, form);
    }
}

CK_INLINE void blocks_product(const ck_matrix *w, size_t group, size_t groups, const void *x, size_t stride, size_t m,
                              float *y, const uint32_t form) {
    size_t y_stride = groups * CK_ROWS, end = group + groups;
    for (; group < end; group++, y += CK_ROWS) blocks_rows(w, group, x, stride, m, y, y_stride, form);
}

#define CK_TILE_LANES 8
#define CK_TILE_BLOCK 6
#include "training.h"
#include "limits.h"

CK_FLOAT_PRODUCTS
CK_BLOCK_PRODUCTS
CK_ROW_KERNELS

#pragma clang attribute pop

const ck_set ck_avx2_set = {.name = "avx2", .limits = &limit_set, CK_PRODUCT_TABLE CK_ROW_KERNEL_TABLE};
#endif
