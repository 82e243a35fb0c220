// Kernels written once over vectors of 16 floats; each instruction set's file includes this inside its target pragma
// and gets the same operations in the same order, in its own instructions.
//
// Rules that keep the bits equal: no contraction (FP_CONTRACT OFF; fused operations are spelled), sums in 16 partial
// lanes by index mod 16 and one fixed tree, no libm.
#ifndef CK_LANES_H
#define CK_LANES_H

#include "ckernels.h"
#include "half.h"

#pragma STDC FP_CONTRACT OFF
// Vectors wider than the target's registers are passed between functions that are always inlined: there is no ABI.
#pragma clang diagnostic ignored "-Wpsabi"

#define CK_INLINE static inline __attribute__((always_inline))

typedef float v16 __attribute__((ext_vector_type(16)));
typedef int32_t i16v __attribute__((ext_vector_type(16)));
typedef int8_t i16b __attribute__((ext_vector_type(16)));

CK_INLINE v16 v_load(const float *p) {
    v16 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

CK_INLINE void v_store(float *p, v16 x) { __builtin_memcpy(p, &x, sizeof x); }

/// n < 16 floats, the other lanes as `fill`.
CK_INLINE v16 v_load_part(const float *p, size_t n, float fill) {
    float lanes[16];
    for (size_t i = 0; i < 16; i++) lanes[i] = i < n ? p[i] : fill;
    return v_load(lanes);
}

CK_INLINE void v_store_part(float *p, size_t n, v16 x) {
    float lanes[16];
    v_store(lanes, x);
    for (size_t i = 0; i < n; i++) p[i] = lanes[i];
}

CK_INLINE v16 v_all(float x) { return (v16)x; }
CK_INLINE v16 v_fma(v16 a, v16 b, v16 c) { return __builtin_elementwise_fma(a, b, c); }
CK_INLINE i16v v_as_int(v16 x) {
    i16v y;
    __builtin_memcpy(&y, &x, sizeof y);
    return y;
}
CK_INLINE v16 v_as_float(i16v x) {
    v16 y;
    __builtin_memcpy(&y, &x, sizeof y);
    return y;
}
/// mask lanes are all ones or all zeros
CK_INLINE v16 v_select(i16v mask, v16 yes, v16 no) {
    return v_as_float((mask & v_as_int(yes)) | (~mask & v_as_int(no)));
}
CK_INLINE v16 v_abs(v16 x) { return v_as_float(v_as_int(x) & 0x7FFFFFFF); }
CK_INLINE v16 v_max(v16 a, v16 b) { return v_select(a > b, a, b); }

/// The one tree: lane i with i + 8, then i + 4, i + 2, i + 1.
CK_INLINE float v_sum(v16 x) {
    float a[16];
    v_store(a, x);
    for (size_t half = 8; half; half /= 2)
        for (size_t i = 0; i < half; i++) a[i] = a[i] + a[i + half];
    return a[0];
}

CK_INLINE float v_largest(v16 x) {
    float a[16];
    v_store(a, x);
    for (size_t half = 8; half; half /= 2)
        for (size_t i = 0; i < half; i++) a[i] = a[i] > a[i + half] ? a[i] : a[i + half];
    return a[0];
}

/// Round to nearest even for |x| < 2^22: the adder does it.
#define CK_ROUNDER 12582912.0f

/// e^x: x = n ln 2 + r, |r| <= ln 2 / 2, a polynomial of degree 6 in r (minimax by hand from the Taylor series; error
/// below 2 ulp), then 2^n in two factors so that neither over- nor underflows early. Below -103.97: 0; NaN stays.
CK_INLINE v16 v_exp(v16 x) {
    v16 low = v_all(-104.0f), high = v_all(89.0f);
    v16 bounded = v_select(x < low, low, v_select(x > high, high, x));
    v16 shifted = v_fma(bounded, v_all(1.44269504f), v_all(CK_ROUNDER));
    v16 n = shifted - v_all(CK_ROUNDER);
    v16 r = v_fma(n, v_all(-0.693145751953125f), bounded);
    r = v_fma(n, v_all(-1.42860677e-6f), r);
    v16 p = v_all(1.0f / 720.0f);
    p = v_fma(p, r, v_all(1.0f / 120.0f));
    p = v_fma(p, r, v_all(1.0f / 24.0f));
    p = v_fma(p, r, v_all(1.0f / 6.0f));
    p = v_fma(p, r, v_all(0.5f));
    p = v_fma(p, r, v_all(1.0f));
    p = v_fma(p, r, v_all(1.0f));
    i16v whole = v_as_int(shifted) - v_as_int(v_all(CK_ROUNDER));
    i16v half = whole >> 1;
    v16 first = v_as_float((half + 127) << 23), second = v_as_float((whole - half + 127) << 23);
    return v_select(x != x, x, p * first * second);
}

// ---- Element-wise and row kernels ----

CK_INLINE float lanes_dot(const float *x, const float *y, size_t n) {
    v16 sum = v_all(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sum = v_fma(v_load(x + i), v_load(y + i), sum);
    if (i < n) sum = v_fma(v_load_part(x + i, n - i, 0), v_load_part(y + i, n - i, 0), sum);
    return v_sum(sum);
}

CK_INLINE void lanes_rms_norm(const float *x, const float *weight, float epsilon, size_t n, float *y) {
    float mean = lanes_dot(x, x, n) / (float)n;
    v16 inverse = v_all(1.0f / __builtin_sqrtf(mean + epsilon));
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(y + i, v_load(x + i) * inverse * v_load(weight + i));
    if (i < n) {
        v16 part = v_load_part(x + i, n - i, 0) * inverse * v_load_part(weight + i, n - i, 0);
        v_store_part(y + i, n - i, part);
    }
}

/// Mean first, then the variance around it: no cancellation when the mean is large.
CK_INLINE void lanes_layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t n,
                                float *y) {
    v16 sum = v_all(0), squares = v_all(0);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) sum = sum + v_load(x + i);
    if (i < n) sum = sum + v_load_part(x + i, n - i, 0);
    const float mean = v_sum(sum) / (float)n;
    for (i = 0; i + 16 <= n; i += 16) {
        v16 away = v_load(x + i) - v_all(mean);
        squares = v_fma(away, away, squares);
    }
    if (i < n) {
        // Lanes that are not there stand at the mean.
        v16 away = v_load_part(x + i, n - i, mean) - v_all(mean);
        squares = v_fma(away, away, squares);
    }
    const v16 inverse = v_all(1.0f / __builtin_sqrtf(v_sum(squares) / (float)n + epsilon));
    for (i = 0; i + 16 <= n; i += 16)
        v_store(y + i, v_fma((v_load(x + i) - v_all(mean)) * inverse, v_load(weight + i), v_load(bias + i)));
    if (i < n) {
        v16 away = (v_load_part(x + i, n - i, mean) - v_all(mean)) * inverse;
        v_store_part(y + i, n - i, v_fma(away, v_load_part(weight + i, n - i, 0), v_load_part(bias + i, n - i, 0)));
    }
}

/// x / 2 * (1 + erf(x / sqrt 2)). With z = |x| / sqrt 2 and t = 1 / (1 + 0.4 z), e = t P(t) e^(-z^2) is erfc(z) to 7e-8
/// of itself (P: our own minimax fit of degree 8), and the result is x / 2 * e below zero, x / 2 * (2 - e) above.
CK_INLINE v16 v_gelu(v16 x) {
    v16 z = v_abs(x) * v_all(0.707106781f);
    v16 t = v_all(1) / v_fma(z, v_all(0.4f), v_all(1));
    v16 p = v_all(0.04288152977824211f);
    p = v_fma(p, t, v_all(-0.1482621431350708f));
    p = v_fma(p, t, v_all(0.10044582188129425f));
    p = v_fma(p, t, v_all(0.06909359991550446f));
    p = v_fma(p, t, v_all(0.09281215816736221f));
    p = v_fma(p, t, v_all(0.1878291517496109f));
    p = v_fma(p, t, v_all(0.2033097892999649f));
    p = v_fma(p, t, v_all(0.22624431550502777f));
    p = v_fma(p, t, v_all(0.22564584016799927f));
    v16 e = p * t * v_exp(-(z * z));
    return x * v_all(0.5f) * v_select(x < v_all(0), e, v_all(2) - e);
}

CK_INLINE void lanes_gelu(const float *x, size_t n, float *y) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(y + i, v_gelu(v_load(x + i)));
    if (i < n) v_store_part(y + i, n - i, v_gelu(v_load_part(x + i, n - i, 0)));
}

/// One block of 32 activations. A scale below 2^-100 counts as zero, so that its inverse stays finite; a value that
/// is not finite makes the scale NaN, which every output of the row then shows.
CK_INLINE void lanes_quantise_block(v16 a, v16 b, ck_block *out) {
    const v16 infinite = v_all(__builtin_inff()), limit = v_all(127);
    i16v finite = (v_abs(a) < infinite) & (v_abs(b) < infinite);
    int all = __builtin_reduce_and(finite) != 0;
    // Magnitudes order as their bits do, so that the integer maximum is the maximum.
    float most = ck_from_bits((uint32_t)__builtin_reduce_max(v_as_int(v_max(v_abs(a), v_abs(b)))));
    float scale = most / 127.0f, inverse = 127.0f / most;
    if (!(scale >= 0x1p-100f)) scale = 0, inverse = 0;
    if (!all) scale = __builtin_nanf(""), inverse = 0;
    v16 parts[2] = {a, b};
    int32_t sums[2];
#pragma clang loop unroll(full)
    for (size_t h = 0; h < 2; h++) {
        v16 x = parts[h] * v_all(inverse);
        x = v_select(x < limit, x, limit);
        x = v_select(x > -limit, x, -limit);
        i16v code = v_as_int(x + v_all(CK_ROUNDER)) - v_as_int(v_all(CK_ROUNDER));
        i16b bytes = __builtin_convertvector(code, i16b);
        __builtin_memcpy(out->code + 16 * h, &bytes, sizeof bytes);
        sums[h] = __builtin_reduce_add(code);
        out->half_sum[h] = (int16_t)sums[h];
    }
    out->scale = scale;
    out->scaled_sum = scale * (float)(sums[0] + sums[1]);
    out->zero_sum = -8 * (sums[0] + sums[1]);
}

CK_INLINE void lanes_quantise(const float *x, size_t n, ck_block *out, size_t stride) {
    size_t i = 0;
    for (; i + 32 <= n; i += 32, out += stride) lanes_quantise_block(v_load(x + i), v_load(x + i + 16), out);
    if (i == n) return;
    float rest[32] = {0};
    for (size_t k = 0; i + k < n; k++) rest[k] = x[i + k];
    lanes_quantise_block(v_load(rest), v_load(rest + 16), out);
}

CK_INLINE v16 v_swiglu(v16 gate, v16 up) { return gate / (v_all(1) + v_exp(-gate)) * up; }

CK_INLINE void lanes_swiglu(const float *gate, const float *up, size_t n, float *y) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(y + i, v_swiglu(v_load(gate + i), v_load(up + i)));
    if (i < n)
        v_store_part(y + i, n - i, v_swiglu(v_load_part(gate + i, n - i, 0), v_load_part(up + i, n - i, 0)));
}

/// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) * up. The tanh form of GELU is x / (1 + e^(-2 u)) with u the
/// argument of tanh, which does not cancel below zero.
CK_INLINE v16 v_geglu(v16 gate, v16 up) {
    v16 inner = v_fma(gate * gate, v_all(0.044715f), v_all(1));
    v16 e = v_exp(gate * inner * v_all(-1.59576912f));
    return gate / (v_all(1) + e) * up;
}

CK_INLINE void lanes_geglu(const float *gate, const float *up, size_t n, float *y) {
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(y + i, v_geglu(v_load(gate + i), v_load(up + i)));
    if (i < n)
        v_store_part(y + i, n - i, v_geglu(v_load_part(gate + i, n - i, 0), v_load_part(up + i, n - i, 0)));
}

/// tanh x = (1 - e) / (1 + e) with e = e^(-2 |x|), and the sign of x; below 1/4, where 1 - e would cancel, the Taylor
/// series up to x^9, whose first omitted term is below 2^-26 of the whole. NaN stays.
CK_INLINE v16 v_tanh(v16 x) {
    v16 e = v_exp(v_abs(x) * v_all(-2)), far = (v_all(1) - e) / (v_all(1) + e);
    far = v_as_float(v_as_int(far) | (v_as_int(x) & ~0x7FFFFFFF));
    v16 z = x * x, p = v_all(62.0f / 2835.0f);
    p = v_fma(p, z, v_all(-17.0f / 315.0f));
    p = v_fma(p, z, v_all(2.0f / 15.0f));
    p = v_fma(p, z, v_all(-1.0f / 3.0f));
    return v_select(v_abs(x) < v_all(0.25f), v_fma(p * z, x, x), far);
}

/// x = cap tanh(scale x / cap): bounded to +-cap, nearly scale x where that is small.
CK_INLINE void lanes_soft_cap(float *x, size_t n, float scale, float cap) {
    v16 factor = v_all(scale / cap), bound = v_all(cap);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(x + i, v_tanh(v_load(x + i) * factor) * bound);
    if (i < n) v_store_part(x + i, n - i, v_tanh(v_load_part(x + i, n - i, 0) * factor) * bound);
}

CK_INLINE void lanes_add(const float *x, size_t n, float *y) {
    for (size_t i = 0; i < n; i++) y[i] = y[i] + x[i];
}

/// The maximum of scale x[i] over low ... < high.
CK_INLINE float lanes_maximum(const float *x, size_t low, size_t high, float scale) {
    v16 most = v_all(-__builtin_inff());
    size_t i = low;
    for (; i + 16 <= high; i += 16) most = v_max(v_load(x + i) * v_all(scale), most);
    if (i < high) {
        // Lanes that are not there repeat the first of the rest.
        v16 part = v_load_part(x + i, high - i, x[i]) * v_all(scale);
        most = v_max(part, most);
    }
    return v_largest(most);
}

/// x[i] = e^(scale x[i] - maximum) for i in low ... < high; returns their sum. The 16 partial sums are by index mod 16,
/// so that they do not depend on where a row of scores begins.
CK_INLINE float lanes_exponentials(float *x, size_t low, size_t high, float scale, float *maximum) {
    *maximum = lanes_maximum(x, low, high, scale);
    const v16 by = v_all(scale), shift = v_all(*maximum);
    v16 sum = v_all(0);
    size_t i = low / 16 * 16;
    for (; i < high; i += 16) {
        size_t from = i < low ? low - i : 0, to = high - i < 16 ? high - i : 16;
        if (from == 0 && to == 16) {
            v16 e = v_exp(v_load(x + i) * by - shift);
            v_store(x + i, e);
            sum = sum + e;
            continue;
        }
        float lanes[16];
        for (size_t k = 0; k < 16; k++) lanes[k] = x[i + (k < from ? from : k < to ? k : to - 1)];
        v_store(lanes, v_exp(v_load(lanes) * by - shift));
        float sums[16];
        v_store(sums, sum);
        for (size_t k = from; k < to; k++) {
            x[i + k] = lanes[k];
            sums[k] = sums[k] + lanes[k];
        }
        sum = v_load(sums);
    }
    return v_sum(sum);
}

CK_INLINE void lanes_softmax(float *x, size_t n) {
    if (!n) return;
    float maximum;
    v16 inverse = v_all(1.0f / lanes_exponentials(x, 0, n, 1.0f, &maximum));
    size_t i = 0;
    for (; i + 16 <= n; i += 16) v_store(x + i, v_load(x + i) * inverse);
    if (i < n) v_store_part(x + i, n - i, v_load_part(x + i, n - i, 0) * inverse);
}

CK_INLINE void lanes_rope(float *x, size_t heads, size_t length, const float *cosines, const float *sines,
                          size_t pairs, int adjacent) {
    size_t step = adjacent ? 2 : 1, other = adjacent ? 1 : pairs;
    for (size_t h = 0; h < heads; h++, x += length) {
        for (size_t i = 0; i < pairs; i++) {
            float a = x[step * i], b = x[step * i + other], c = cosines[i], s = sines[i];
            float turned = b * s, crossed = a * s;
            x[step * i] = __builtin_fmaf(a, c, -turned);
            x[step * i + other] = __builtin_fmaf(b, c, crossed);
        }
    }
}

#endif
