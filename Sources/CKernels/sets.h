// The tables of all instruction sets, and what each file defines the same way.
#ifndef CK_SETS_H
#define CK_SETS_H

#include "ckernels.h"

extern const ck_set ck_scalar_set;
#if defined(__x86_64__)
extern const ck_set ck_avx2_set;
extern const ck_set ck_avx512_set;
#endif
// NEON: neon.c with ck_neon_set, its products over 4 x 4 lanes of the same groups (SDOT and UDOT), CK_ROW_KERNELS as
// they are; it lands when a machine to test it is at hand. Until then aarch64 runs the scalar set.

/// Defines the row kernels of lanes.h and attention.h as functions of the including file's instruction set.
#define CK_ROW_KERNELS                                                                                            \
    static void set_rms_norm(const float *x, const float *weight, float epsilon, size_t n, float *y) {            \
        lanes_rms_norm(x, weight, epsilon, n, y);                                                                 \
    }                                                                                                             \
    static void set_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t n,   \
                               float *y) {                                                                        \
        lanes_layer_norm(x, weight, bias, epsilon, n, y);                                                         \
    }                                                                                                             \
    static void set_gelu(const float *x, size_t n, float *y) { lanes_gelu(x, n, y); }                             \
    static void set_quantise(const float *x, size_t n, ck_block *out, size_t stride) {                            \
        lanes_quantise(x, n, out, stride);                                                                        \
    }                                                                                                             \
    static void set_swiglu(const float *gate, const float *up, size_t n, float *y) {                              \
        lanes_swiglu(gate, up, n, y);                                                                             \
    }                                                                                                             \
    static void set_geglu(const float *gate, const float *up, size_t n, float *y) { lanes_geglu(gate, up, n, y); }      \
    static void set_soft_cap(float *x, size_t n, float scale, float cap) { lanes_soft_cap(x, n, scale, cap); }    \
    static void set_add(const float *x, size_t n, float *y) { lanes_add(x, n, y); }                               \
    static void set_softmax(float *x, size_t n) { lanes_softmax(x, n); }                                          \
    static float set_dot(const float *x, const float *y, size_t n) { return lanes_dot(x, y, n); }                 \
    static void set_rope(float *x, size_t heads, size_t length, const float *cosines, const float *sines,         \
                         size_t pairs, int adjacent) {                                                            \
        if (adjacent) lanes_rope(x, heads, length, cosines, sines, pairs, 1);                                     \
        else lanes_rope(x, heads, length, cosines, sines, pairs, 0);                                              \
    }                                                                                                             \
    static void set_store(const ck_cache_layout *layout, uint8_t *head, size_t slot, const float *keys,           \
                          size_t key_row, const float *values, size_t value_row, size_t rows) {                   \
        lanes_store(layout, head, slot, keys, key_row, values, value_row, rows);                                  \
    }                                                                                                             \
    static void set_merge_spans(const ck_attention *a) { lanes_merge_spans(a); }                                  \
    static void set_attend(const ck_attention *a) { lanes_attend(a); }

/// Defines product_q4_0 ... product_iq4_xs by the including file's blocks_product, one specialised copy for each form.
#define CK_BLOCK_PRODUCT(name, form)                                                                              \
    static void product_##name(const ck_matrix *w, size_t g, size_t n, const void *x, size_t s, size_t m,         \
                               float *y) {                                                                        \
        blocks_product(w, g, n, x, s, m, y, form);                                                                \
    }
#define CK_BLOCK_PRODUCTS                                                                                         \
    CK_BLOCK_PRODUCT(q4_0, CK_Q4_0)                                                                               \
    CK_BLOCK_PRODUCT(q4_1, CK_Q4_1)                                                                               \
    CK_BLOCK_PRODUCT(q5_0, CK_Q5_0)                                                                               \
    CK_BLOCK_PRODUCT(q5_1, CK_Q5_1)                                                                               \
    CK_BLOCK_PRODUCT(q8_0, CK_Q8_0)                                                                               \
    CK_BLOCK_PRODUCT(q4_k, CK_Q4_K)                                                                               \
    CK_BLOCK_PRODUCT(q5_k, CK_Q5_K)                                                                               \
    CK_BLOCK_PRODUCT(q6_k, CK_Q6_K)                                                                               \
    CK_BLOCK_PRODUCT(q2_k, CK_Q2_K)                                                                               \
    CK_BLOCK_PRODUCT(q3_k, CK_Q3_K)                                                                               \
    CK_BLOCK_PRODUCT(iq4_nl, CK_IQ4_NL)                                                                           \
    CK_BLOCK_PRODUCT(iq4_xs, CK_IQ4_XS)

#define CK_PRODUCT_TABLE                                                                                          \
    .product = {product_f32,  product_f16,  product_bf16, product_q4_0,   product_q4_1,                           \
                product_q5_0, product_q5_1, product_q8_0, product_q4_k,   product_q5_k,                           \
                product_q6_k, product_q2_k, product_q3_k, product_iq4_nl, product_iq4_xs},

#define CK_ROW_KERNEL_TABLE                                                                                       \
    .rms_norm = set_rms_norm, .layer_norm = set_layer_norm, .gelu = set_gelu,                                \
    .quantise = set_quantise, .swiglu = set_swiglu, .geglu = set_geglu, .soft_cap = set_soft_cap, .add = set_add, \
    .softmax = set_softmax, .dot = set_dot, .rope = set_rope, .store = set_store, .attend = set_attend,          \
    .merge_spans = set_merge_spans, .training = &training_set,

#endif
