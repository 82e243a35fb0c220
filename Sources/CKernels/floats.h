// Products with float weights, written once over vectors of 16 floats. The including file defines
// load_half(const uint8_t *) -> v16, and CK_FLOAT_SUMS: how many accumulators of 16 its registers hold.
#ifndef CK_FLOATS_H
#define CK_FLOATS_H

#include "lanes.h"

CK_INLINE v16 load_bfloat(const uint8_t *p) {
    typedef uint16_t u16v __attribute__((ext_vector_type(16)));
    u16v x;
    __builtin_memcpy(&x, p, sizeof x);
    return v_as_float(__builtin_convertvector(x, i16v) << 16);
}

CK_INLINE v16 load_weights(const uint8_t *panel, size_t k, const uint32_t form) {
    if (form == CK_F32) return v_load((const float *)(const void *)panel + CK_ROWS * k);
    if (form == CK_F16) return load_half(panel + 2 * CK_ROWS * k);
    return load_bfloat(panel + 2 * CK_ROWS * k);
}

/// n activation rows times g weight groups: n * g accumulators, each over k in order.
CK_INLINE void floats_tile(const uint8_t *panel, size_t group_bytes, size_t columns, const float *x, size_t stride,
                           float *y, size_t y_stride, const size_t n, const size_t g, const uint32_t form) {
    v16 acc[CK_FLOAT_SUMS];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n * g; i++) acc[i] = v_all(0);
    for (size_t k = 0; k < columns; k++) {
        v16 w[4];
#pragma clang loop unroll(full)
        for (size_t j = 0; j < g; j++) w[j] = load_weights(panel + j * group_bytes, k, form);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < n; i++) {
            v16 a = v_all(x[i * stride + k]);
#pragma clang loop unroll(full)
            for (size_t j = 0; j < g; j++) acc[i * g + j] = v_fma(w[j], a, acc[i * g + j]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t j = 0; j < g; j++) v_store(y + i * y_stride + j * CK_ROWS, acc[i * g + j]);
}

/// m rows by tiles of `n` and what is left, for g groups.
CK_INLINE void floats_rows(const ck_matrix *w, size_t group, const float *x, size_t stride, size_t m, float *y,
                           size_t y_stride, const size_t n, const size_t g, const uint32_t form) {
    const uint8_t *panel = w->data + group * w->group_bytes;
    size_t i = 0;
    for (; i + n <= m; i += n)
        floats_tile(panel, w->group_bytes, w->columns, x + i * stride, stride, y + i * y_stride, y_stride, n, g, form);
    for (; i + 2 <= m; i += 2)
        floats_tile(panel, w->group_bytes, w->columns, x + i * stride, stride, y + i * y_stride, y_stride, 2, g, form);
    for (; i < m; i++)
        floats_tile(panel, w->group_bytes, w->columns, x + i * stride, stride, y + i * y_stride, y_stride, 1, g, form);
}

CK_INLINE void floats_product(const ck_matrix *w, size_t group, size_t groups, const void *input, size_t stride,
                              size_t m, float *y, const uint32_t form) {
    const float *x = input;
    size_t done = 0, y_stride = groups * CK_ROWS;
    for (; done + 4 <= groups && m < CK_FLOAT_SUMS / 2; done += 4)
        floats_rows(w, group + done, x, stride, m, y + done * CK_ROWS, y_stride, CK_FLOAT_SUMS / 4, 4, form);
    for (; done < groups; done++)
        floats_rows(w, group + done, x, stride, m, y + done * CK_ROWS, y_stride, CK_FLOAT_SUMS / 2, 1, form);
}

#define CK_FLOAT_PRODUCTS                                                                                         \
    static void product_f32(const ck_matrix *w, size_t g, size_t n, const void *x, size_t s, size_t m, float *y) { \
        floats_product(w, g, n, x, s, m, y, CK_F32);                                                              \
    }                                                                                                             \
    static void product_f16(const ck_matrix *w, size_t g, size_t n, const void *x, size_t s, size_t m, float *y) { \
        floats_product(w, g, n, x, s, m, y, CK_F16);                                                              \
    }                                                                                                             \
    static void product_bf16(const ck_matrix *w, size_t g, size_t n, const void *x, size_t s, size_t m,           \
                             float *y) {                                                                          \
        floats_product(w, g, n, x, s, m, y, CK_BF16);                                                             \
    }

#endif
