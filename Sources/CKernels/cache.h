// Keys and values in their pages: element types, and how they are written and read (see ck_cache_layout in ckernels.h).
//
// Reading is exact in f32 for every type: a half is a float, and the product of a half and a code of 8 bits has 19
// bits. So attention over a cache of any type is attention over the f32 values that it decodes to.
//
// Keys of 8-bit codes are turned first, and queries with them, so that a dimension that is larger than the others does
// not lend its step to all 32 of a block.
#ifndef CK_CACHE_H
#define CK_CACHE_H

#include "lanes.h"

/// Lanes of a vector, and values that share a scale.
enum { CK_LANES = 16, CK_CODES = 32 };

typedef _Float16 h16 __attribute__((ext_vector_type(16)));

/// 16 halves as floats. The plain twin goes through half.h; elsewhere it is the machine's conversion.
CK_INLINE v16 v_load_half(const uint8_t *p) {
#ifdef CK_PLAIN_HALF
    float lanes[16];
    for (size_t i = 0; i < 16; i++) lanes[i] = ck_half_to_float(ck_load16(p + 2 * i));
    return v_load(lanes);
#else
    h16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, v16);
#endif
}

CK_INLINE void v_store_half(uint8_t *p, v16 x) {
#ifdef CK_PLAIN_HALF
    for (size_t i = 0; i < 16; i++) ck_store16(p + 2 * i, ck_half_from_float(x[i]));
#else
    h16 halves = __builtin_convertvector(x, h16);
    __builtin_memcpy(p, &halves, sizeof halves);
#endif
}

/// One half as a float, in every lane of a vector's conversion or plain.
CK_INLINE float load_scale(const uint8_t *p) {
#ifdef CK_PLAIN_HALF
    return ck_half_to_float(ck_load16(p));
#else
    _Float16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return (float)x;
#endif
}

CK_INLINE size_t element_bytes(const uint32_t element) { return element == CK_F32 ? 4 : element == CK_F16 ? 2 : 1; }
CK_INLINE size_t scales_of(size_t length) { return (length + CK_CODES - 1) / CK_CODES; }

/// 16 values as floats; codes are multiplied by their scales.
CK_INLINE v16 load_elements(const uint8_t *p, const uint32_t element, v16 scale) {
    if (element == CK_F32) return v_load((const float *)(const void *)p);
    if (element == CK_F16) return v_load_half(p);
    i16b codes;
    __builtin_memcpy(&codes, p, sizeof codes);
    return __builtin_convertvector(__builtin_convertvector(codes, i16v), v16) * scale;
}

/// Walsh-Hadamard transform in blocks of the largest power of two that divides the length: sums and differences in one
/// fixed order. H H = width, so that (H q) . (H k / width) = q . k; the division is exact.
CK_INLINE void turn(float *x, size_t length, const int divide) {
    const size_t width = length & (~length + 1);
    for (size_t block = 0; block < length; block += width)
        for (size_t half = 1; half < width; half *= 2)
            for (size_t i = block; i < block + width; i += 2 * half)
                for (size_t k = i; k < i + half; k++) {
                    float a = x[k], b = x[k + half];
                    x[k] = a + b;
                    x[k + half] = a - b;
                }
    if (!divide) return;
    for (size_t i = 0; i < length; i++) x[i] = x[i] * (1.0f / (float)width);
}

/// Up to 32 values as codes -127 ... 127 and a scale that is a half: the largest magnitude over 127, to nearest even.
/// A value that is not finite, or too large for a half, makes every value of the block NaN when it is read.
CK_INLINE uint16_t encode_codes(const float *x, size_t n, int8_t *codes) {
    v16 a = n < 16 ? v_load_part(x, n, 0) : v_load(x);
    v16 b = n < 32 ? v_load_part(x + (n < 16 ? n : 16), n < 16 ? 0 : n - 16, 0) : v_load(x + 16);
    // Magnitudes order as their bits do, NaN above all, so that the integer maximum is the maximum.
    i16v larger = __builtin_elementwise_max(v_as_int(v_abs(a)), v_as_int(v_abs(b)));
    uint32_t bits = (uint32_t)__builtin_reduce_max(larger);
    uint16_t half = bits >= 0x7F800000u ? 0x7E00 : ck_half_from_float(ck_from_bits(bits) / 127.0f);
    if (half >= 0x7C00) half = 0x7E00;
    float scale = ck_half_to_float(half), inverse = half && half < 0x7C00 ? 1.0f / scale : 0;
    const v16 limit = v_all(127), parts[2] = {a, b};
    int8_t lanes[32];
#pragma clang loop unroll(full)
    for (size_t h = 0; h < 2; h++) {
        v16 y = parts[h] * v_all(inverse);
        y = v_select(y < limit, y, limit);
        y = v_select(y > -limit, y, -limit);
        i16v code = v_as_int(y + v_all(CK_ROUNDER)) - v_as_int(v_all(CK_ROUNDER));
        i16b bytes = __builtin_convertvector(code, i16b);
        __builtin_memcpy(lanes + 16 * h, &bytes, sizeof bytes);
    }
    for (size_t i = 0; i < n; i++) codes[i] = lanes[i];
    return half;
}

/// One row of `length` values as elements side by side; scales apart where the type has some.
CK_INLINE void encode_row(const float *x, size_t length, const uint32_t element, uint8_t *out, uint8_t *scales) {
    if (element == CK_F32) {
        __builtin_memcpy(out, x, length * sizeof(float));
    } else if (element == CK_F16) {
        size_t i = 0;
        for (; i + 16 <= length; i += 16) v_store_half(out + 2 * i, v_load(x + i));
        if (i == length) return;
        uint8_t rest[32];
        v_store_half(rest, v_load_part(x + i, length - i, 0));
        __builtin_memcpy(out + 2 * i, rest, 2 * (length - i));
    } else {
        for (size_t i = 0; i < length; i += CK_CODES, scales += 2) {
            size_t n = length - i < CK_CODES ? length - i : CK_CODES;
            ck_store16(scales, encode_codes(x + i, n, (int8_t *)out + i));
        }
    }
}

/// Keys of `rows` <= 16 positions from `slot` on, which lie in one block.
CK_INLINE void store_keys(const ck_cache_layout *l, uint8_t *head, size_t slot, const float *keys, size_t row,
                          size_t rows, const uint32_t element) {
    const size_t bytes = element_bytes(element), length = l->key_length, scales = scales_of(length);
    uint8_t encoded[CK_LANES][CK_VALUES * 4], scale[CK_LANES][CK_VALUES / CK_CODES * 2];
    for (size_t i = 0; i < rows; i++) {
        float turned[CK_VALUES];
        if (element == CK_Q8_0) {
            __builtin_memcpy(turned, keys + i * row, length * sizeof(float));
            turn(turned, length, 1);
        }
        encode_row(element == CK_Q8_0 ? turned : keys + i * row, length, element, encoded[i], scale[i]);
    }
    // 16 positions of a dimension lie side by side: their place is written once.
    uint8_t *to = head + slot / CK_LANES * CK_LANES * length * bytes + slot % CK_LANES * bytes;
    for (size_t d = 0; d < length; d++, to += CK_LANES * bytes)
        for (size_t i = 0; i < rows; i++) __builtin_memcpy(to + i * bytes, encoded[i] + d * bytes, bytes);
    if (element != CK_Q8_0) return;
    to = head + l->key_scales + slot / CK_LANES * CK_LANES * scales * 2 + slot % CK_LANES * 2;
    for (size_t b = 0; b < scales; b++, to += CK_LANES * 2)
        for (size_t i = 0; i < rows; i++) __builtin_memcpy(to + i * 2, scale[i] + b * 2, 2);
}

CK_INLINE void store_elements(const ck_cache_layout *l, uint8_t *head, size_t slot, const float *keys, size_t key_row,
                              const float *values, size_t value_row, size_t rows, const uint32_t element) {
    store_keys(l, head, slot, keys, key_row, rows, element);
    const size_t row = l->value_stride * element_bytes(element), scales = scales_of(l->value_length) * 2;
    for (size_t i = 0; i < rows; i++)
        encode_row(values + i * value_row, l->value_length, element, head + l->values + (slot + i) * row,
                   head + l->value_scales + (slot + i) * scales);
}

CK_INLINE void lanes_store(const ck_cache_layout *l, uint8_t *head, size_t slot, const float *keys, size_t key_row,
                           const float *values, size_t value_row, size_t rows) {
    switch (l->element) {
    case CK_F32: store_elements(l, head, slot, keys, key_row, values, value_row, rows, CK_F32); break;
    case CK_F16: store_elements(l, head, slot, keys, key_row, values, value_row, rows, CK_F16); break;
    default: store_elements(l, head, slot, keys, key_row, values, value_row, rows, CK_Q8_0); break;
    }
}

/// The first `count` positions of a page as f32, in the layout that f32 has.
CK_INLINE void unpack_elements(const ck_cache_layout *l, const uint8_t *head, size_t count, const ck_cache_layout *to,
                               uint8_t *plain, const uint32_t element) {
    const size_t bytes = element_bytes(element), length = l->key_length, stride = l->value_stride;
    const size_t key_scales = scales_of(length), value_scales = scales_of(l->value_length);
    float *out = (float *)(void *)plain;
    const uint8_t *in = head;
    for (size_t block = 0; block < (count + CK_LANES - 1) / CK_LANES; block++) {
        const uint8_t *scale = head + l->key_scales + block * key_scales * CK_LANES * 2;
        for (size_t d = 0; d < length; d++, in += CK_LANES * bytes, out += CK_LANES) {
            v16 by = v_all(1);
            if (element == CK_Q8_0) by = v_load_half(scale + d / CK_CODES * CK_LANES * 2);
            v_store(out, load_elements(in, element, by));
        }
    }
    out = (float *)(void *)(plain + to->values);
    in = head + l->values;
    for (size_t position = 0; position < count; position++) {
        const uint8_t *scale = head + l->value_scales + position * value_scales * 2;
        for (size_t d = 0; d < stride; d += CK_LANES, in += CK_LANES * bytes, out += CK_LANES) {
            v16 by = v_all(1);
            if (element == CK_Q8_0) by = v_all(load_scale(scale + d / CK_CODES * 2));
            v_store(out, load_elements(in, element, by));
        }
    }
}

CK_INLINE void unpack_span(const ck_cache_layout *l, const uint8_t *head, size_t count, const ck_cache_layout *to,
                           uint8_t *plain) {
    if (l->element == CK_F16) unpack_elements(l, head, count, to, plain, CK_F16);
    else unpack_elements(l, head, count, to, plain, CK_Q8_0);
}

#endif
