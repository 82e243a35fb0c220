// Encoders: f16, bf16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, byte for byte as llama.cpp's reference ones; those that need a
// search are in encode_search.h.
//
// The codes use the f32 scale before it is rounded to f16, and x * (1 / d) instead of x / d.
#include "encode.h"
#include "half.h"
#include "packing.h"
#include "sets.h"

#pragma STDC FP_CONTRACT OFF

/// Truncation to 0 ... most; not-a-number gives 0.
static uint8_t code_of(float x, int most) {
    if (!(x > 0)) return 0;
    return x >= (float)most ? (uint8_t)most : (uint8_t)x;
}

static void store_codes(const uint8_t *code, uint8_t *nibbles) {
    for (size_t i = 0; i < 16; i++) nibbles[i] = (uint8_t)((code[i] & 15) | (code[i + 16] & 15) << 4);
}

static uint32_t high_of(const uint8_t *code) {
    uint32_t high = 0;
    for (size_t i = 0; i < 32; i++) high |= (uint32_t)(code[i] >> 4) << i;
    return high;
}

/// Q4_0 and Q5_0: the value of largest magnitude, with its sign, gets code 0.
static void encode_symmetric(const float *x, int half, uint8_t *block) {
    uint8_t code[32];
    float most = 0, signed_most = 0;
    for (size_t i = 0; i < 32; i++) {
        float magnitude = x[i] < 0 ? -x[i] : x[i];
        if (magnitude > most) {
            most = magnitude;
            signed_most = x[i];
        }
    }
    float d = signed_most / (float)-half, inverse = d != 0 ? 1.0f / d : 0;
    for (size_t i = 0; i < 32; i++) code[i] = code_of(x[i] * inverse + ((float)half + 0.5f), 2 * half - 1);
    ck_store16(block, ck_half_from_float(d));
    if (half == 16) ck_store32(block + 2, high_of(code));
    store_codes(code, block + (half == 16 ? 6 : 2));
}

/// Q4_1 and Q5_1: codes from the smallest value up.
static void encode_affine(const float *x, int most, uint8_t *block) {
    uint8_t code[32];
    float low = x[0], high = x[0];
    for (size_t i = 1; i < 32; i++) {
        if (x[i] < low) low = x[i];
        if (x[i] > high) high = x[i];
    }
    float d = (high - low) / (float)most, inverse = d != 0 ? 1.0f / d : 0;
    for (size_t i = 0; i < 32; i++) code[i] = code_of((x[i] - low) * inverse + 0.5f, most);
    ck_store16(block, ck_half_from_float(d));
    ck_store16(block + 2, ck_half_from_float(low));
    if (most == 31) ck_store32(block + 4, high_of(code));
    store_codes(code, block + (most == 31 ? 8 : 4));
}

/// Q8_0: rounds half away from zero.
static void encode_q8_0(const float *x, uint8_t *block) {
    float most = 0;
    for (size_t i = 0; i < 32; i++) {
        float magnitude = x[i] < 0 ? -x[i] : x[i];
        if (magnitude > most) most = magnitude;
    }
    float d = most / 127.0f, inverse = d != 0 ? 1.0f / d : 0;
    ck_store16(block, ck_half_from_float(d));
    for (size_t i = 0; i < 32; i++) {
        float v = x[i] * inverse, magnitude = v < 0 ? -v : v;
        int whole = magnitude < 127 ? (int)magnitude : magnitude >= 127 ? 127 : 0;
        if (magnitude - (float)whole >= 0.5f && whole < 127) whole++;
        block[2 + i] = (uint8_t)(v < 0 ? -whole : whole);
    }
}

int ck_encodable(uint32_t form) {
    return form < CK_FORMS && form != CK_Q2_K && form != CK_Q3_K && form != CK_IQ4_NL && form != CK_IQ4_XS;
}

size_t ck_first_beyond(const float *x, size_t count, float limit) {
    size_t i = 0;
    // Not-a-number has the largest bits of all. Blocks of 64 without a branch inside: mostly nothing is found.
    const uint32_t most = ck_bits(limit);
    for (; i + 64 <= count; i += 64) {
        uint32_t found = 0;
        for (size_t k = 0; k < 64; k++) found |= (ck_bits(x[i + k]) & 0x7FFFFFFFu) > most;
        if (found) break;
    }
    while (i < count && (ck_bits(x[i]) & 0x7FFFFFFFu) <= most) i++;
    return i;
}

void ck_squared_errors(const float *x, const float *y, size_t count, double *sums) {
    double error = 0, power = 0;
    for (size_t i = 0; i < count; i++) {
        double value = x[i], difference = value - y[i];
        error += difference * difference;
        power += value * value;
    }
    sums[0] += error;
    sums[1] += power;
}

static const ck_encoders *encoders_of(const ck_set *set) {
#if defined(__x86_64__)
    if (set != &ck_scalar_set) return &ck_avx2_encoders;
#endif
    return &ck_plain_encoders;
}

int ck_encode(const ck_set *set, uint32_t form, const float *x, size_t count, uint8_t *bytes) {
    const ck_encoders *encoders = encoders_of(set);
    if (!ck_encodable(form) || count % ck_forms[form].unit) return -1;
    size_t unit = ck_forms[form].unit, size = ck_forms[form].file_bytes;
    for (size_t i = 0; i < count; i += unit, bytes += size) {
        switch (form) {
        case CK_F32: ck_store32(bytes, ck_bits(x[i])); break;
        case CK_F16: ck_store16(bytes, ck_half_from_float(x[i])); break;
        case CK_BF16: ck_store16(bytes, ck_bfloat_from_float(x[i])); break;
        case CK_Q4_0: encode_symmetric(x + i, 8, bytes); break;
        case CK_Q5_0: encode_symmetric(x + i, 16, bytes); break;
        case CK_Q4_1: encode_affine(x + i, 15, bytes); break;
        case CK_Q5_1: encode_affine(x + i, 31, bytes); break;
        case CK_Q4_K: encoders->q4_k(x + i, bytes); break;
        case CK_Q5_K: encoders->q5_k(x + i, bytes); break;
        case CK_Q6_K: encoders->q6_k(x + i, bytes); break;
        default: encode_q8_0(x + i, bytes); break;
        }
    }
    return 0;
}
