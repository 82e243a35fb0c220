// The training kernels of cktraining.h, written once; each instruction set's file includes this inside its target
// pragma, after lanes.h, and says by CK_TILE_LANES how many floats its vectors have and by CK_TILE_BLOCK how many rows
// of a micro-tile its registers hold beside two vectors of columns.
#ifndef CK_TRAINING_KERNELS_H
#define CK_TRAINING_KERNELS_H

#include "cktraining.h"
#include "lanes.h"
#include "packing.h"

#pragma STDC FP_CONTRACT OFF

typedef float tile_vector __attribute__((ext_vector_type(CK_TILE_LANES)));

CK_INLINE tile_vector tile_load(const float *p) {
    tile_vector x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

/// CK_TILE_BLOCK rows times two vectors of columns: all sums stay in registers.
CK_INLINE void tile_part(size_t depth, const float *a, const float *b, float *c, size_t stride, int load) {
    tile_vector sum[CK_TILE_BLOCK][2];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CK_TILE_BLOCK; i++) {
        sum[i][0] = load ? tile_load(c + i * stride) : (tile_vector)0.0f;
        sum[i][1] = load ? tile_load(c + i * stride + CK_TILE_LANES) : (tile_vector)0.0f;
    }
    for (size_t k = 0; k < depth; k++, a += CK_TILE_ROWS, b += CK_TILE_COLUMNS) {
        tile_vector first = tile_load(b), second = tile_load(b + CK_TILE_LANES);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < CK_TILE_BLOCK; i++) {
            tile_vector x = (tile_vector)a[i];
            sum[i][0] = __builtin_elementwise_fma(x, first, sum[i][0]);
            sum[i][1] = __builtin_elementwise_fma(x, second, sum[i][1]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < CK_TILE_BLOCK; i++) {
        __builtin_memcpy(c + i * stride, &sum[i][0], sizeof sum[i][0]);
        __builtin_memcpy(c + i * stride + CK_TILE_LANES, &sum[i][1], sizeof sum[i][1]);
    }
}

static void training_tile(size_t depth, const float *a, const float *b, float *c, size_t stride, int load) {
    // The result is seldom in a near cache: it is fetched while the sums are computed.
    for (size_t row = 0; row < CK_TILE_ROWS; row++) {
        __builtin_prefetch(c + row * stride, 1);
        __builtin_prefetch(c + row * stride + 16, 1);
    }
    for (size_t column = 0; column < CK_TILE_COLUMNS; column += 2 * CK_TILE_LANES)
        for (size_t row = 0; row < CK_TILE_ROWS; row += CK_TILE_BLOCK)
            tile_part(depth, a + row, b + column, c + row * stride + column, stride, load);
}

// ---- Decoding: [columns][16 rows] ----

CK_INLINE v16 decode_half(const uint8_t *p) {
#ifdef CK_PLAIN_HALF
    float lanes[16];
    for (size_t i = 0; i < 16; i++) lanes[i] = ck_half_to_float(ck_load16(p + 2 * i));
    return v_load(lanes);
#else
    return load_half(p);
#endif
}

CK_INLINE v16 decode_bfloat(const uint8_t *p) {
    typedef uint16_t u16v __attribute__((ext_vector_type(16)));
    u16v x;
    __builtin_memcpy(&x, p, sizeof x);
    return v_as_float(__builtin_convertvector(x, i16v) << 16);
}

CK_INLINE v16 decode_bytes(const uint8_t *p, int is_signed) {
    typedef uint8_t u16b __attribute__((ext_vector_type(16)));
    u16b bytes;
    __builtin_memcpy(&bytes, p, sizeof bytes);
    i16v wide = __builtin_convertvector(bytes, i16v);
    if (is_signed) wide = wide << 24 >> 24;
    return __builtin_convertvector(wide, v16);
}

/// What four codes of each row stand for: the codes less `zero`, or of IQ4 the table's values.
CK_INLINE v16 decode_codes(i16v code, int32_t zero, uint32_t form) {
    if (form != CK_IQ4_NL && form != CK_IQ4_XS) return __builtin_convertvector(code - zero, v16);
    float lanes[16];
    for (size_t i = 0; i < 16; i++) lanes[i] = (float)ck_iq4_values[code[i] & 15];
    return v_load(lanes);
}

/// Codes of weights 4g ... 4g + 3 of each row, one per byte.
CK_INLINE i16v decode_group(const uint8_t *codes, size_t g, uint32_t form) {
    i16v code, extra;
    if (form == CK_Q8_0) {
        __builtin_memcpy(&code, codes + 64 * g, sizeof code);
        return code;
    }
    if (form == CK_Q2_K || form == CK_Q3_K) {
        __builtin_memcpy(&code, codes + 64 * (g / 4), sizeof code);
        code = (code >> (int)(2 * (g % 4))) & 0x03030303;
        if (form == CK_Q2_K) return code;
        __builtin_memcpy(&extra, codes + 128, sizeof extra);
        return code | ((extra >> (int)g) & 0x01010101) << 2;
    }
    __builtin_memcpy(&code, codes + 64 * (g % 4), sizeof code);
    code = (g < 4 ? code : code >> 4) & 0x0F0F0F0F;
    if (form == CK_Q5_0 || form == CK_Q5_1 || form == CK_Q5_K) {
        __builtin_memcpy(&extra, codes + 256, sizeof extra);
        code |= ((extra >> (int)g) & 0x01010101) << 4;
    } else if (form == CK_Q6_K) {
        __builtin_memcpy(&extra, codes + 256 + 64 * (g / 4), sizeof extra);
        code |= ((extra >> (int)(2 * (g % 4))) & 0x03030303) << 4;
    }
    return code;
}

/// Scales and minima of the two halves of 32 weights of each row; minima are what is added.
typedef struct decoded_head {
    v16 scale[2], min[2];
} decoded_head;

CK_INLINE decoded_head decode_head(uint32_t form, const uint8_t *head, size_t sub) {
    v16 d = decode_half(head), none = v_all(0);
    decoded_head h = {{d, d}, {none, none}};
    if (form == CK_Q4_1 || form == CK_Q5_1) h.min[0] = h.min[1] = decode_half(head + 32);
    if (form == CK_Q4_K || form == CK_Q5_K) {
        h.scale[0] = h.scale[1] = d * decode_bytes(head + 64 + 16 * sub, 0);
        h.min[0] = h.min[1] = -(decode_half(head + 32) * decode_bytes(head + 192 + 16 * sub, 0));
    }
    if (form == CK_IQ4_XS) h.scale[0] = h.scale[1] = d * decode_bytes(head + 32 + 16 * sub, 1);
    for (size_t half = 0; half < 2; half++) {
        if (form == CK_Q6_K || form == CK_Q3_K)
            h.scale[half] = d * decode_bytes(head + 32 + 32 * sub + 16 * half, 1);
        if (form == CK_Q2_K) {
            uint8_t low[16], high[16];
            const uint8_t *both = head + 64 + 32 * sub + 16 * half;
            for (size_t i = 0; i < 16; i++) low[i] = both[i] & 15, high[i] = both[i] >> 4;
            h.scale[half] = d * decode_bytes(low, 0);
            h.min[half] = -(decode_half(head + 32) * decode_bytes(high, 0));
        }
    }
    return h;
}

/// 32 weights of each row: the same operations in the same order as ck_unit_values.
CK_INLINE void decode_sub(uint32_t form, const uint8_t *head, const uint8_t *codes, size_t sub, float *values) {
    const decoded_head h = decode_head(form, head, sub);
    int32_t zero = form == CK_Q4_0   ? 8
                   : form == CK_Q5_0 ? 16
                   : form == CK_Q8_0 ? 128
                   : form == CK_Q6_K ? 32
                   : form == CK_Q3_K ? 4
                                     : 0;
    int has_minimum = form == CK_Q4_1 || form == CK_Q5_1 || form == CK_Q4_K || form == CK_Q5_K || form == CK_Q2_K;
    for (size_t g = 0; g < 8; g++) {
        i16v code = decode_group(codes, g, form);
        for (size_t t = 0; t < 4; t++) {
            v16 x = h.scale[g / 4] * decode_codes((code >> (int)(8 * t)) & 255, zero, form);
            v_store(values + 16 * (4 * g + t), has_minimum ? x + h.min[g / 4] : x);
        }
    }
}

CK_INLINE void decode_units(const ck_matrix *w, size_t group, size_t first, size_t count, float *values,
                            const uint32_t form) {
    const size_t subs = ck_forms[form].unit / 32, bytes = ck_forms[form].code_bytes / subs;
    const uint8_t *panel = w->data + group * w->group_bytes;
    for (size_t b = first / 32; b < (first + count) / 32; b++, values += 512) {
        size_t unit = b / subs, sub = b % subs;
        decode_sub(form, panel + ck_head_offset(form, unit), panel + ck_code_offset(form, unit) + sub * bytes, sub,
                   values);
    }
}

static void training_decode(const ck_matrix *w, size_t group, size_t first, size_t count, float *values) {
    const uint8_t *panel = w->data + group * w->group_bytes;
    switch (w->form) {
    case CK_F32: __builtin_memcpy(values, panel + 64 * first, 64 * count); break;
    case CK_F16:
        for (size_t k = 0; k < count; k++) v_store(values + 16 * k, decode_half(panel + 32 * (first + k)));
        break;
    case CK_BF16:
        for (size_t k = 0; k < count; k++) v_store(values + 16 * k, decode_bfloat(panel + 32 * (first + k)));
        break;
    case CK_Q4_0: decode_units(w, group, first, count, values, CK_Q4_0); break;
    case CK_Q4_1: decode_units(w, group, first, count, values, CK_Q4_1); break;
    case CK_Q5_0: decode_units(w, group, first, count, values, CK_Q5_0); break;
    case CK_Q5_1: decode_units(w, group, first, count, values, CK_Q5_1); break;
    case CK_Q8_0: decode_units(w, group, first, count, values, CK_Q8_0); break;
    case CK_Q4_K: decode_units(w, group, first, count, values, CK_Q4_K); break;
    case CK_Q5_K: decode_units(w, group, first, count, values, CK_Q5_K); break;
    case CK_Q6_K: decode_units(w, group, first, count, values, CK_Q6_K); break;
    case CK_Q2_K: decode_units(w, group, first, count, values, CK_Q2_K); break;
    case CK_Q3_K: decode_units(w, group, first, count, values, CK_Q3_K); break;
    case CK_IQ4_NL: decode_units(w, group, first, count, values, CK_IQ4_NL); break;
    case CK_IQ4_XS: decode_units(w, group, first, count, values, CK_IQ4_XS); break;
    default: break;
    }
}

// ---- Rows ----

/// Calls BODY for vectors of 16 from i on, the last one padded: load with LOAD, store with STORE.
#define CK_LOAD(p) (rest ? v_load_part((p) + i, rest, 0) : v_load((p) + i))
#define CK_STORE(p, x)                                                                                            \
    do {                                                                                                          \
        if (rest) v_store_part((p) + i, rest, x);                                                                 \
        else v_store((p) + i, x);                                                                                 \
    } while (0)
#define CK_EACH(n, BODY)                                                                                          \
    do {                                                                                                          \
        size_t i = 0, rest = 0;                                                                                   \
        for (; i + 16 <= (n); i += 16) BODY                                                                       \
        if (i < (n)) {                                                                                            \
            rest = (n) - i;                                                                                       \
            BODY                                                                                                  \
        }                                                                                                         \
    } while (0)

/// With r = 1 / sqrt(mean x^2 + e): dx = r (w dy - x r^2 mean(w dy x)), dweight = dy x r.
static void training_rms_norm_backward(const float *x, const float *weight, float epsilon, size_t n, const float *dy,
                                       float *dx, float *dweight) {
    float inverse = 1.0f / __builtin_sqrtf(lanes_dot(x, x, n) / (float)n + epsilon);
    v16 sum = v_all(0);
    CK_EACH(n, { sum = v_fma(CK_LOAD(weight) * CK_LOAD(dy), CK_LOAD(x), sum); });
    v16 r = v_all(inverse), mean = v_all(v_sum(sum) / (float)n * inverse * inverse);
    CK_EACH(n, {
        v16 inner = v_fma(-mean, CK_LOAD(x), CK_LOAD(weight) * CK_LOAD(dy));
        CK_STORE(dx, v_fma(r, inner, CK_LOAD(dx)));
    });
    if (dweight) CK_EACH(n, { CK_STORE(dweight, v_fma(CK_LOAD(dy), CK_LOAD(x) * r, CK_LOAD(dweight))); });
}

/// With s = sigmoid(gate): dup = dy gate s, dgate = dy up s (1 + gate (1 - s)).
static void training_swiglu_backward(float *gate, float *up, const float *dy, size_t n) {
    CK_EACH(n, {
        v16 g = CK_LOAD(gate);
        v16 u = CK_LOAD(up);
        v16 d = CK_LOAD(dy);
        v16 s = v_all(1) / (v_all(1) + v_exp(-g));
        CK_STORE(up, d * g * s);
        CK_STORE(gate, d * u * s * v_fma(g, v_all(1) - s, v_all(1)));
    });
}

static float training_exponentials(const float *x, float scale, float shift, size_t n, float *y) {
    v16 sum = v_all(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        v16 e = v_exp(v_fma(v_load(x + i), v_all(scale), v_all(-shift)));
        v_store(y + i, e);
        sum = sum + e;
    }
    if (i < n) {
        v16 e = v_exp(v_fma(v_load_part(x + i, n - i, -__builtin_inff()), v_all(scale), v_all(-shift)));
        v_store_part(y + i, n - i, e);
        sum = sum + e;
    }
    return v_sum(sum);
}

static float training_maximum(const float *x, float scale, size_t n) { return lanes_maximum(x, 0, n, scale); }

static void training_softmax_backward(const float *p, float *dp, float mean, float scale, size_t n) {
    CK_EACH(n, { CK_STORE(dp, CK_LOAD(p) * (CK_LOAD(dp) - v_all(mean)) * v_all(scale)); });
}

static void training_add_scaled(float a, const float *x, size_t n, float *y) {
    CK_EACH(n, { CK_STORE(y, v_fma(v_all(a), CK_LOAD(x), CK_LOAD(y))); });
}

static void training_scale(float a, const float *x, size_t n, float *y) {
    CK_EACH(n, { CK_STORE(y, v_all(a) * CK_LOAD(x)); });
}

static void training_multiply(const float *x, const float *z, size_t n, float *y, int accumulate) {
    if (accumulate) CK_EACH(n, { CK_STORE(y, v_fma(CK_LOAD(x), CK_LOAD(z), CK_LOAD(y))); });
    else CK_EACH(n, { CK_STORE(y, CK_LOAD(x) * CK_LOAD(z)); });
}

static void training_adamw(const ck_adamw *s, float *w, const float *g, float *m, float *v, size_t n) {
    v16 b1 = v_all(s->beta1), b2 = v_all(s->beta2), rest1 = v_all(1 - s->beta1), rest2 = v_all(1 - s->beta2);
    v16 keep = v_all(1 - s->rate * s->decay);
    CK_EACH(n, {
        v16 gradient = CK_LOAD(g) * v_all(s->gradient_scale);
        v16 first = v_fma(b1, CK_LOAD(m), rest1 * gradient);
        v16 second = v_fma(b2, CK_LOAD(v), rest2 * gradient * gradient);
        v16 root = __builtin_elementwise_sqrt(second);
        v16 change = (first / v_all(s->correction1)) / (root / v_all(s->correction2) + v_all(s->epsilon));
        CK_STORE(w, v_fma(v_all(-s->rate), change, CK_LOAD(w) * keep));
        CK_STORE(m, first);
        CK_STORE(v, second);
    });
}

static const ck_training_set training_set = {
    training_tile,          training_decode,  training_rms_norm_backward, training_swiglu_backward,
    training_exponentials,  training_maximum, training_softmax_backward,  training_add_scaled,
    training_scale,         training_multiply, training_adamw,
};

#endif
