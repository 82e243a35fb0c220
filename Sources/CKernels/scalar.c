// The plain set: runs everywhere, and is the twin that every other set is compared with.
//
// The one formula, for each block of 32 weights in index order (acc starts at 0):
//   Q4_0 Q5_0 Q8_0   acc = fma(d * a.scale, float(sum), acc)
//   Q4_1 Q5_1        acc = fma(d * a.scale, float(sum), acc); acc = fma(m, a.scaled_sum, acc)
//   Q4_K Q5_K        acc = fma((d * scale) * a.scale, float(sum), acc); acc = fma(-(dmin * min), a.scaled_sum, acc)
//   Q6_K Q3_K        acc = fma(d * a.scale, float(scale0 * sum0 + scale1 * sum1), acc), sums over 16 each
//   Q2_K             the same; acc = fma(-(dmin * a.scale), float(min0 * half0 + min1 * half1), acc), half = a.half_sum
//   IQ4_NL           acc = fma(d * a.scale, float(sum), acc)
//   IQ4_XS           acc = fma((d * scale) * a.scale, float(sum), acc)
// where sum = exact integer sum of (code - zero) * activation code, for IQ4 of the value that the code stands for.
// |scale * sum| of Q6_K, Q3_K and Q2_K stays below 2^24, so its conversion is exact and kernels may form it in floats.
// Float forms: acc = fma(w, x, acc) over k.
#define CK_QUERIES 4
#define CK_SUMS 4
#define CK_PLAIN_HALF
#include "attention.h"
#include "packing.h"
#include "sets.h"

#pragma STDC FP_CONTRACT OFF

/// Sum over weights `from` ... < `to` of one block.
static int32_t block_sum(const uint8_t *code, int zero, const ck_block *a, size_t from, size_t to) {
    int32_t sum = 0;
    for (size_t i = from; i < to; i++) sum += (code[i] - zero) * a->code[i];
    return sum;
}

static int32_t iq4_sum(const uint8_t *code, const ck_block *a) {
    int32_t sum = 0;
    for (size_t i = 0; i < 32; i++) sum += ck_iq4_values[code[i]] * a->code[i];
    return sum;
}

static float block_step(uint32_t form, const ck_unit *u, size_t sub, const ck_block *a, float acc) {
    const uint8_t *code = u->code + 32 * sub;
    float d = ck_half_to_float(u->d), m = ck_half_to_float(u->m);
    switch (form) {
    case CK_Q4_0: return __builtin_fmaf(d * a->scale, (float)block_sum(code, 8, a, 0, 32), acc);
    case CK_Q5_0: return __builtin_fmaf(d * a->scale, (float)block_sum(code, 16, a, 0, 32), acc);
    case CK_Q8_0: return __builtin_fmaf(d * a->scale, (float)block_sum(code, 128, a, 0, 32), acc);
    case CK_Q4_1:
    case CK_Q5_1:
        acc = __builtin_fmaf(d * a->scale, (float)block_sum(code, 0, a, 0, 32), acc);
        return __builtin_fmaf(m, a->scaled_sum, acc);
    case CK_Q6_K:
    case CK_Q3_K:
    case CK_Q2_K: {
        int zero = form == CK_Q6_K ? 32 : form == CK_Q3_K ? 4 : 0;
        int32_t low = u->scale[2 * sub] * block_sum(code, zero, a, 0, 16);
        int32_t high = u->scale[2 * sub + 1] * block_sum(code, zero, a, 16, 32);
        acc = __builtin_fmaf(d * a->scale, (float)(low + high), acc);
        if (form != CK_Q2_K) return acc;
        int32_t minima = u->min[2 * sub] * a->half_sum[0] + u->min[2 * sub + 1] * a->half_sum[1];
        return __builtin_fmaf(-(m * a->scale), (float)minima, acc);
    }
    case CK_IQ4_NL: return __builtin_fmaf(d * a->scale, (float)iq4_sum(code, a), acc);
    case CK_IQ4_XS: return __builtin_fmaf(d * (float)u->scale[sub] * a->scale, (float)iq4_sum(code, a), acc);
    default: {
        float scale = d * (float)u->scale[sub], min = m * (float)u->min[sub];
        acc = __builtin_fmaf(scale * a->scale, (float)block_sum(code, 0, a, 0, 32), acc);
        return __builtin_fmaf(-min, a->scaled_sum, acc);
    }
    }
}

static void product_blocks(const ck_matrix *w, size_t group, size_t groups, const void *input, size_t stride,
                           size_t m, float *y) {
    const ck_block *x = input;
    const ck_form_info *form = &ck_forms[w->form];
    size_t subs = form->unit / 32;
    for (size_t i = 0; i < m * groups * CK_ROWS; i++) y[i] = 0;
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *panel = w->data + (group + g) * w->group_bytes;
        for (size_t unit = 0; unit < w->units; unit++) {
            const uint8_t *head = panel + ck_head_offset(w->form, unit), *codes = panel + ck_code_offset(w->form, unit);
            for (size_t lane = 0; lane < CK_ROWS; lane++) {
                ck_unit u;
                u.m = 0;
                ck_unit_from_group(w->form, head, codes, lane, &u);
                for (size_t sub = 0; sub < subs; sub++) {
                    for (size_t i = 0; i < m; i++) {
                        float *acc = y + (i * groups + g) * CK_ROWS + lane;
                        *acc = block_step(w->form, &u, sub, &x[(unit * subs + sub) * stride + i], *acc);
                    }
                }
            }
        }
    }
}

static void product_floats(const ck_matrix *w, size_t group, size_t groups, const void *input, size_t stride,
                           size_t m, float *y) {
    const float *x = input;
    for (size_t i = 0; i < m * groups * CK_ROWS; i++) y[i] = 0;
    for (size_t g = 0; g < groups; g++) {
        const uint8_t *panel = w->data + (group + g) * w->group_bytes;
        for (size_t k = 0; k < w->columns; k++) {
            float values[CK_ROWS];
            for (size_t lane = 0; lane < CK_ROWS; lane++) {
                size_t at = CK_ROWS * k + lane;
                values[lane] = w->form == CK_F32   ? ck_from_bits(ck_load32(panel + 4 * at))
                               : w->form == CK_F16 ? ck_half_to_float(ck_load16(panel + 2 * at))
                                                   : ck_bfloat_to_float(ck_load16(panel + 2 * at));
            }
            for (size_t i = 0; i < m; i++) {
                float *acc = y + (i * groups + g) * CK_ROWS;
                for (size_t lane = 0; lane < CK_ROWS; lane++)
                    acc[lane] = __builtin_fmaf(values[lane], x[i * stride + k], acc[lane]);
            }
        }
    }
}

#define CK_TILE_LANES 4
#define CK_TILE_BLOCK 4
#include "training.h"
#include "limits.h"

CK_ROW_KERNELS

const ck_set ck_scalar_set = {
    .name = "scalar",
    .limits = &limit_set,
    .product = {product_floats, product_floats, product_floats, product_blocks, product_blocks, product_blocks,
                product_blocks, product_blocks, product_blocks, product_blocks, product_blocks, product_blocks,
                product_blocks, product_blocks, product_blocks},
    CK_ROW_KERNEL_TABLE
};

/// The kernels' exponential for one value; used outside of vectors.
float ck_exp(float x) { return v_exp(v_all(x))[0]; }
