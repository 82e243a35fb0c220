// Encoders of Q4_K, Q5_K and Q6_K: 256 values under one f16 scale (and one f16 minimum), sub-scales of 6 or 8 bits.
//
// Scales that make the weighted squared error small are searched: a row of candidate ranges gives codes, each set of
// codes gives its best scale (and minimum) by weighted least squares, the best of them wins. The layout is in
// packing.h, the rows of candidates are those of llama.cpp.
//
// Written once over eight lanes; the including file gives the instructions and takes encode_q4_k, encode_q5_k and
// encode_q6_k. All sets give the same bytes: nothing is contracted, and the order of sums is fixed.
#ifndef CK_ENCODE_SEARCH_H
#define CK_ENCODE_SEARCH_H

#include "encode.h"
#include "half.h"

#pragma STDC FP_CONTRACT OFF

/// Sums go through eight lanes, which the compiler keeps in vector registers; their order is fixed.
#define LANES 8

static float total(const float *lane) {
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

/// The nearest whole number, ties to even, within bounds; not-a-number gives `low`.
static inline float nearest(float v, float low, float high) {
    v = v > low ? v : low;
    v = v < high ? v : high;
    return (v + 12582912.0f) - 12582912.0f;
}

/// Σ w (scale · code + low − x)².
static float affine_error(const float *x, const float *w, const float *code, float scale, float low) {
    float sum[LANES] = {0};
    for (int i = 0; i < 32; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            float e = scale * code[i + k] + low - x[i + k];
            sum[k] += w[i + k] * e * e;
        }
    }
    return total(sum);
}

/// 32 values as scale · code + low, code 0 ... most, low <= 0. Candidates are ranges cut into most + first + step · k
/// parts, k = 0 ... steps.
static float search_affine(
    const float *x, const float *w, float most, float first, float step, int steps, float *code, float *low_out) {
    float low = x[0], high = x[0], weight[LANES] = {0}, weighted[LANES] = {0};
    for (int i = 0; i < 32; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
        weight[i % LANES] += w[i];
        weighted[i % LANES] += w[i] * x[i];
    }
    if (!(low < 0)) low = 0;
    float sum_w = total(weight), sum_x = total(weighted);
    for (int i = 0; i < 32; i++) code[i] = 0;
    *low_out = low;
    if (!(high > low)) return 0;
    float inverse = most / (high - low), scale = 1 / inverse, trial[32];
    for (int i = 0; i < 32; i++) code[i] = nearest(inverse * (x[i] - low), 0, most);
    float best = affine_error(x, w, code, scale, low);
    for (int k = 0; k <= steps; k++) {
        if (!(high > low)) break;
        inverse = (most + first + step * (float)k) / (high - low);
        float l1[LANES] = {0}, l2[LANES] = {0}, xl[LANES] = {0};
        for (int i = 0; i < 32; i += LANES) {
            for (int j = 0; j < LANES; j++) {
                float l = nearest(inverse * (x[i + j] - low), 0, most);
                trial[i + j] = l;
                float wl = w[i + j] * l;
                l1[j] += wl;
                l2[j] += wl * l;
                xl[j] += wl * x[i + j];
            }
        }
        float sum_l = total(l1), sum_l2 = total(l2), sum_xl = total(xl);
        float determinant = sum_w * sum_l2 - sum_l * sum_l;
        if (!(determinant > 0)) continue;
        float new_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
        float new_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
        if (new_low > 0) {
            new_low = 0;
            new_scale = sum_xl / sum_l2;
        }
        float error = affine_error(x, w, trial, new_scale, new_low);
        if (error < best) {
            best = error;
            scale = new_scale;
            low = new_low;
            for (int i = 0; i < 32; i++) code[i] = trial[i];
        }
    }
    *low_out = low;
    return scale;
}

/// The parts of Q4_K and Q5_K: eight sub-blocks of 32 with 6-bit scales and minima; codes 0 ... most.
static void encode_affine_super(
    const float *x, float most, float first, float step, int steps, uint8_t *block, uint8_t *codes) {
    float scale[8], low[8], code[CK_SUPER], weight[32], most_scale = 0, most_low = 0;
    for (int j = 0; j < 8; j++) {
        const float *values = x + 32 * j;
        float square[LANES] = {0};
        for (int i = 0; i < 32; i++) square[i % LANES] += values[i] * values[i];
        float rms = __builtin_sqrtf(total(square) / 32);
        for (int i = 0; i < 32; i++) weight[i] = rms + __builtin_fabsf(values[i]);
        scale[j] = search_affine(values, weight, most, first, step, steps, code + 32 * j, low + j);
        low[j] = -low[j];
        most_scale = scale[j] > most_scale ? scale[j] : most_scale;
        most_low = low[j] > most_low ? low[j] : most_low;
    }
    float scale_inverse = most_scale > 0 ? 63 / most_scale : 0, low_inverse = most_low > 0 ? 63 / most_low : 0;
    uint16_t d_bits = ck_half_from_float(most_scale / 63), low_bits = ck_half_from_float(most_low / 63);
    ck_store16(block, d_bits);
    ck_store16(block + 2, low_bits);
    float d = ck_half_to_float(d_bits), d_low = ck_half_to_float(low_bits);
    uint8_t *packed = block + 4;
    for (int i = 0; i < 12; i++) packed[i] = 0;
    for (int j = 0; j < 8; j++) {
        float s = nearest(scale_inverse * scale[j], 0, 63), m = nearest(low_inverse * low[j], 0, 63);
        uint8_t sub = (uint8_t)s, sub_low = (uint8_t)m;
        if (j < 4) {
            packed[j] |= sub;
            packed[j + 4] |= sub_low;
        } else {
            packed[j + 4] = (uint8_t)((sub & 15) | (sub_low & 15) << 4);
            packed[j - 4] |= (uint8_t)((sub >> 4) << 6);
            packed[j] |= (uint8_t)((sub_low >> 4) << 6);
        }
        // Codes for the scales as they are stored; under a scale of 0 they say nothing.
        float step_size = d * s, offset = d_low * m;
        for (int i = 0; i < 32; i++) {
            float l = step_size > 0 ? nearest((x[32 * j + i] + offset) / step_size, 0, most) : code[32 * j + i];
            codes[32 * j + i] = (uint8_t)l;
        }
    }
}

static void encode_q4_k(const float *x, uint8_t *block) {
    uint8_t code[CK_SUPER];
    encode_affine_super(x, 15, -1, 0.1f, 20, block, code);
    uint8_t *nibbles = block + 16;
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 32; i++) nibbles[32 * j + i] = (uint8_t)(code[64 * j + i] | code[64 * j + 32 + i] << 4);
    }
}

static void encode_q5_k(const float *x, uint8_t *block) {
    uint8_t code[CK_SUPER];
    encode_affine_super(x, 31, -0.5f, 0.1f, 15, block, code);
    uint8_t *high = block + 16, *nibbles = block + 48;
    for (int i = 0; i < 32; i++) {
        high[i] = 0;
        for (int j = 0; j < 8; j++) high[i] |= (uint8_t)((code[32 * j + i] >> 4) << j);
    }
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 32; i++) {
            nibbles[32 * j + i] = (uint8_t)((code[64 * j + i] & 15) | (code[64 * j + 32 + i] & 15) << 4);
        }
    }
}

/// 16 values as scale · code, code −32 ... 31: among 19 ranges the one whose codes, at their best scale, leave the
/// least Σ x² (x − scale · code)².
static float search_symmetric(const float *x, float *code) {
    float most = 0, signed_most = 0;
    for (int i = 0; i < 16; i++) {
        float magnitude = __builtin_fabsf(x[i]);
        if (magnitude > most) {
            most = magnitude;
            signed_most = x[i];
        }
        code[i] = 0;
    }
    if (!(most >= 1e-15f)) return 0;
    float best_gain = 0, scale = 0, trial[16];
    for (int k = -10; k <= 9; k++) {
        // The first candidate is the plain one, then −9 ... 9 tenths without it.
        float shift = k == -10 ? 0 : (float)k;
        if (k == 0) continue;
        float inverse = -(32 + 0.1f * shift) / signed_most, xl[LANES] = {0}, ll[LANES] = {0};
        for (int i = 0; i < 16; i += LANES) {
            for (int j = 0; j < LANES; j++) {
                float v = x[i + j], l = nearest(inverse * v, -32, 31), w = v * v;
                trial[i + j] = l;
                xl[j] += w * v * l;
                ll[j] += w * l * l;
            }
        }
        float sum_xl = total(xl), sum_ll = total(ll);
        if (!(sum_ll > 0)) continue;
        // Σ w (x − s·l)² at its best s is Σ w x² less this.
        float gain = sum_xl / sum_ll * sum_xl;
        if (gain > best_gain) {
            best_gain = gain;
            scale = sum_xl / sum_ll;
            for (int i = 0; i < 16; i++) code[i] = trial[i];
        }
    }
    // Squares of squares of small values are no longer numbers: the plain range then.
    if (scale == 0) {
        scale = -signed_most / 32;
        for (int i = 0; i < 16; i++) code[i] = nearest(x[i] / scale, -32, 31);
    }
    return scale;
}

static void encode_q6_k(const float *x, uint8_t *block) {
    float scale[16], code[CK_SUPER], most = 0, signed_most = 0;
    uint8_t stored[CK_SUPER], *low = block, *high = block + 128, *scales = block + 192;
    for (int j = 0; j < 16; j++) {
        scale[j] = search_symmetric(x + 16 * j, code + 16 * j);
        float magnitude = __builtin_fabsf(scale[j]);
        if (magnitude > most) {
            most = magnitude;
            signed_most = scale[j];
        }
    }
    float inverse = most > 0 ? -128 / signed_most : 0;
    uint16_t d_bits = ck_half_from_float(most > 0 ? 1 / inverse : 0);
    ck_store16(block + 208, d_bits);
    float d = ck_half_to_float(d_bits);
    for (int j = 0; j < 16; j++) {
        float s = nearest(inverse * scale[j], -128, 127), step_size = d * s;
        scales[j] = (uint8_t)(int8_t)s;
        for (int i = 0; i < 16; i++) {
            float l = code[16 * j + i];
            if (step_size != 0) l = nearest(x[16 * j + i] / step_size, -32, 31);
            stored[16 * j + i] = (uint8_t)(l + 32);
        }
    }
    for (int half = 0; half < 2; half++) {
        const uint8_t *c = stored + 128 * half;
        for (int i = 0; i < 32; i++) {
            low[64 * half + i] = (uint8_t)((c[i] & 15) | (c[i + 64] & 15) << 4);
            low[64 * half + i + 32] = (uint8_t)((c[i + 32] & 15) | (c[i + 96] & 15) << 4);
            high[32 * half + i] =
                (uint8_t)((c[i] >> 4) | (c[i + 32] >> 4) << 2 | (c[i + 64] >> 4) << 4 | (c[i + 96] >> 4) << 6);
        }
    }
}

#endif
