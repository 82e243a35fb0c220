// f16 and bf16 to f32 and back, in integer arithmetic: the same on every machine.
#ifndef CK_HALF_H
#define CK_HALF_H

#include <stdint.h>
#include <string.h>

static inline float ck_from_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static inline uint32_t ck_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

/// Exact. A signalling NaN comes out quiet, as the conversion instructions do it.
static inline float ck_half_to_float(uint16_t half) {
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31, mantissa = half & 0x3FF;
    if (exponent == 31) return ck_from_bits(sign | 0x7F800000u | (mantissa ? 0x400000u | mantissa << 13 : 0));
    if (exponent) return ck_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
    // Zero or subnormal: mantissa * 2^-24, exact in f32.
    float value = (float)mantissa * 0x1p-24f;
    return ck_from_bits(sign | ck_bits(value));
}

/// Rounds to nearest, ties to even; overflow gives infinity, NaN stays NaN.
static inline uint16_t ck_half_from_float(float x) {
    uint32_t bits = ck_bits(x), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7FFFFFFFu;
    if (magnitude > 0x7F800000u) return (uint16_t)(sign | 0x7E00u | ((magnitude >> 13) & 0x1FF));
    if (magnitude >= 0x477FF000u) return (uint16_t)(sign | 0x7C00u);  // 65520 and more
    if (magnitude < 0x38800000u) {  // below 2^-14: subnormal, in steps of 2^-24
        // Adding 0.5 lets the adder round at 2^-24.
        return (uint16_t)(sign | (ck_bits(ck_from_bits(magnitude) + 0.5f) - 0x3F000000u));
    }
    uint32_t odd = (magnitude >> 13) & 1;
    return (uint16_t)(sign | ((magnitude - 0x38000000u + 0xFFFu + odd) >> 13));
}

static inline float ck_bfloat_to_float(uint16_t b) { return ck_from_bits((uint32_t)b << 16); }

/// Rounds to nearest, ties to even; NaN stays NaN.
static inline uint16_t ck_bfloat_from_float(float x) {
    uint32_t bits = ck_bits(x);
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (uint16_t)((bits >> 16) | 64);
    return (uint16_t)((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16);
}

static inline uint16_t ck_load16(const uint8_t *p) {
    uint16_t x;
    memcpy(&x, p, 2);
    return x;
}

static inline uint32_t ck_load32(const uint8_t *p) {
    uint32_t x;
    memcpy(&x, p, 4);
    return x;
}

static inline void ck_store16(uint8_t *p, uint16_t x) { memcpy(p, &x, 2); }
static inline void ck_store32(uint8_t *p, uint32_t x) { memcpy(p, &x, 4); }

#endif
