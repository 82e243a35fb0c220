// File blocks to packed groups and back. Any bytes are valid contents: nothing here can trap on them.
#include "packing.h"

#include "half.h"

#pragma STDC FP_CONTRACT OFF

// ---- file block -> unit ----

static void nibbles(const uint8_t *q, uint8_t *code) {
    for (size_t i = 0; i < 16; i++) {
        code[i] = q[i] & 15;
        code[i + 16] = q[i] >> 4;
    }
}

/// Adds 16 to the codes whose bit is set, four at a time: bit t of an index is bit 4 of byte t of its entry.
static void fifth_bits(uint32_t high, uint8_t *code) {
    static const uint32_t spread[16] = {
        0x00000000, 0x00000010, 0x00001000, 0x00001010, 0x00100000, 0x00100010, 0x00101000, 0x00101010,
        0x10000000, 0x10000010, 0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010,
    };
    for (size_t g = 0; g < 8; g++)
        ck_store32(code + 4 * g, ck_load32(code + 4 * g) | spread[(high >> (4 * g)) & 15]);
}

/// The 12 bytes of Q4_K and Q5_K: 8 scales and 8 minima of 6 bits.
static void six_bit_scales(const uint8_t *s, ck_unit *u) {
    for (size_t j = 0; j < 4; j++) {
        u->scale[j] = (int8_t)(s[j] & 63);
        u->min[j] = s[j + 4] & 63;
        u->scale[j + 4] = (int8_t)((s[j + 8] & 15) | (s[j] >> 6) << 4);
        u->min[j + 4] = (uint8_t)((s[j + 8] >> 4) | (s[j + 4] >> 6) << 4);
    }
}

static void k_nibbles(const uint8_t *q, uint8_t *code) {
    for (size_t c = 0; c < 4; c++) {
        for (size_t i = 0; i < 32; i++) {
            code[64 * c + i] = q[32 * c + i] & 15;
            code[64 * c + 32 + i] = q[32 * c + i] >> 4;
        }
    }
}

/// Two-bit codes of Q2_K and Q3_K: each half of 128 weights has 32 bytes, four fields of 32 weights.
static void two_bit_codes(const uint8_t *q, uint8_t *code) {
    for (size_t c = 0; c < 8; c++)
        for (size_t i = 0; i < 32; i++) code[32 * c + i] = (q[32 * (c / 4) + i] >> (2 * (c % 4))) & 3;
}

/// The 12 bytes of Q3_K: 16 scales of 6 bits, less 32.
static void q3_k_scales(const uint8_t *s, int8_t *scale) {
    for (size_t j = 0; j < 16; j++) {
        int low = j < 8 ? s[j] & 15 : s[j - 8] >> 4, high = (s[8 + j % 4] >> (2 * (j / 4))) & 3;
        scale[j] = (int8_t)((low | high << 4) - 32);
    }
}

static void q6_k_codes(const uint8_t *low, const uint8_t *high, uint8_t *code) {
    for (size_t h = 0; h < 2; h++, low += 64, high += 32, code += 128) {
        for (size_t i = 0; i < 32; i++) {
            code[i] = (uint8_t)((low[i] & 15) | (high[i] & 3) << 4);
            code[i + 32] = (uint8_t)((low[i + 32] & 15) | ((high[i] >> 2) & 3) << 4);
            code[i + 64] = (uint8_t)((low[i] >> 4) | ((high[i] >> 4) & 3) << 4);
            code[i + 96] = (uint8_t)((low[i + 32] >> 4) | (high[i] >> 6) << 4);
        }
    }
}

void ck_unit_from_file(uint32_t form, const uint8_t *b, ck_unit *u) {
    switch (form) {
    case CK_Q4_0:
        u->d = ck_load16(b);
        nibbles(b + 2, u->code);
        break;
    case CK_Q4_1:
        u->d = ck_load16(b);
        u->m = ck_load16(b + 2);
        nibbles(b + 4, u->code);
        break;
    case CK_Q5_0:
        u->d = ck_load16(b);
        nibbles(b + 6, u->code);
        fifth_bits(ck_load32(b + 2), u->code);
        break;
    case CK_Q5_1:
        u->d = ck_load16(b);
        u->m = ck_load16(b + 2);
        nibbles(b + 8, u->code);
        fifth_bits(ck_load32(b + 4), u->code);
        break;
    case CK_Q8_0:
        u->d = ck_load16(b);
        for (size_t i = 0; i < 32; i++) u->code[i] = b[2 + i] ^ 0x80;
        break;
    case CK_Q4_K:
        u->d = ck_load16(b);
        u->m = ck_load16(b + 2);
        six_bit_scales(b + 4, u);
        k_nibbles(b + 16, u->code);
        break;
    case CK_Q5_K:
        u->d = ck_load16(b);
        u->m = ck_load16(b + 2);
        six_bit_scales(b + 4, u);
        k_nibbles(b + 48, u->code);
        for (size_t c = 0; c < 8; c++)
            for (size_t i = 0; i < 32; i++) u->code[32 * c + i] |= (uint8_t)(((b[16 + i] >> c) & 1) << 4);
        break;
    case CK_Q6_K:
        q6_k_codes(b, b + 128, u->code);
        for (size_t i = 0; i < 16; i++) u->scale[i] = (int8_t)b[192 + i];
        u->d = ck_load16(b + 208);
        break;
    case CK_Q2_K:
        for (size_t i = 0; i < 16; i++) {
            u->scale[i] = (int8_t)(b[i] & 15);
            u->min[i] = b[i] >> 4;
        }
        two_bit_codes(b + 16, u->code);
        u->d = ck_load16(b + 80);
        u->m = ck_load16(b + 82);
        break;
    case CK_Q3_K:
        two_bit_codes(b + 32, u->code);
        for (size_t c = 0; c < 8; c++)
            for (size_t i = 0; i < 32; i++) u->code[32 * c + i] |= (uint8_t)(((b[i] >> c) & 1) << 2);
        q3_k_scales(b + 96, u->scale);
        u->d = ck_load16(b + 108);
        break;
    case CK_IQ4_NL:
        u->d = ck_load16(b);
        nibbles(b + 2, u->code);
        break;
    case CK_IQ4_XS: {
        u->d = ck_load16(b);
        uint16_t high = ck_load16(b + 2);
        for (size_t s = 0; s < 8; s++) {
            int low = (b[4 + s / 2] >> (4 * (s % 2))) & 15;
            u->scale[s] = (int8_t)((low | ((high >> (2 * s)) & 3) << 4) - 32);
            nibbles(b + 8 + 16 * s, u->code + 32 * s);
        }
        break;
    }
    default:
        break;
    }
}

// ---- unit <-> group ----

/// Fields of one bit (bit `at` of the codes) of 32 weights as one vector: bit g of byte t is weight 4g + t.
static void bits_to_group(const uint8_t *code, int at, uint8_t *to) {
    uint32_t bits = 0;
    for (size_t g = 0; g < 8; g++) bits |= ((ck_load32(code + 4 * g) >> at) & 0x01010101u) << g;
    ck_store32(to, bits);
}

static void bits_from_group(const uint8_t *from, int at, uint32_t *group) {
    for (size_t g = 0; g < 8; g++) group[g] |= ((ck_load32(from) >> g) & 0x01010101u) << at;
}

/// Fields of two bits (from bit `at` of the codes on) of 32 weights as two vectors.
static void pairs_to_group(const uint8_t *code, int at, uint8_t *to) {
    for (size_t h = 0; h < 2; h++) {
        uint32_t pairs = 0;
        for (size_t g = 0; g < 4; g++)
            pairs |= ((ck_load32(code + 16 * h + 4 * g) >> at) & 0x03030303u) << (2 * g);
        ck_store32(to + 64 * h, pairs);
    }
}

static void pairs_from_group(const uint8_t *from, int at, uint32_t *group) {
    for (size_t g = 0; g < 8; g++)
        group[g] |= ((ck_load32(from + 64 * (g / 4)) >> (2 * (g % 4))) & 0x03030303u) << at;
}

static int has_fifth_bits(uint32_t form) { return form == CK_Q5_0 || form == CK_Q5_1 || form == CK_Q5_K; }

/// 32 codes of one lane into the codes of a group.
static void codes_to_group(uint32_t form, const uint8_t *code, size_t lane, uint8_t *plane) {
    const uint32_t low = 0x0F0F0F0Fu;
    uint8_t *own = plane + 4 * lane;
    if (form == CK_Q8_0) {
        for (size_t g = 0; g < 8; g++) ck_store32(own + 64 * g, ck_load32(code + 4 * g));
        return;
    }
    if (form == CK_Q2_K || form == CK_Q3_K) {
        pairs_to_group(code, 0, own);
        if (form == CK_Q3_K) bits_to_group(code, 2, own + 128);
        return;
    }
    for (size_t j = 0; j < 4; j++) {
        uint32_t a = ck_load32(code + 4 * j) & low, b = ck_load32(code + 16 + 4 * j) & low;
        ck_store32(own + 64 * j, a | b << 4);
    }
    if (has_fifth_bits(form)) bits_to_group(code, 4, own + 256);
    if (form == CK_Q6_K) pairs_to_group(code, 4, own + 256);
}

static void codes_from_group(uint32_t form, const uint8_t *plane, size_t lane, uint8_t *code) {
    const uint32_t low = 0x0F0F0F0Fu;
    const uint8_t *own = plane + 4 * lane;
    uint32_t group[8] = {0};
    if (form == CK_Q8_0) {
        for (size_t g = 0; g < 8; g++) group[g] = ck_load32(own + 64 * g);
    } else if (form == CK_Q2_K || form == CK_Q3_K) {
        pairs_from_group(own, 0, group);
        if (form == CK_Q3_K) bits_from_group(own + 128, 2, group);
    } else {
        for (size_t j = 0; j < 4; j++) {
            uint32_t both = ck_load32(own + 64 * j);
            group[j] = both & low;
            group[j + 4] = (both >> 4) & low;
        }
        if (has_fifth_bits(form)) bits_from_group(own + 256, 4, group);
        if (form == CK_Q6_K) pairs_from_group(own + 256, 4, group);
    }
    for (size_t g = 0; g < 8; g++) ck_store32(code + 4 * g, group[g]);
}

/// Signed sub-scales of a super-block, which follow d; 0 for forms without.
static size_t signed_scales(uint32_t form) {
    return form == CK_Q6_K || form == CK_Q3_K ? 16 : form == CK_IQ4_XS ? 8 : 0;
}

void ck_unit_to_group(uint32_t form, const ck_unit *u, size_t lane, uint8_t *head, uint8_t *codes) {
    size_t subs = ck_forms[form].unit / 32, step = ck_forms[form].code_bytes / subs, count = signed_scales(form);
    for (size_t s = 0; s < subs; s++) codes_to_group(form, u->code + 32 * s, lane, codes + step * s);
    ck_store16(head + 2 * lane, u->d);
    for (size_t s = 0; s < count; s++) head[32 + 16 * s + lane] = (uint8_t)u->scale[s];
    if (count || ck_forms[form].head_bytes == 32) return;
    ck_store16(head + 32 + 2 * lane, u->m);
    for (size_t s = 0; form == CK_Q2_K && s < 16; s++)
        head[64 + 16 * s + lane] = (uint8_t)(u->scale[s] | u->min[s] << 4);
    for (size_t s = 0; (form == CK_Q4_K || form == CK_Q5_K) && s < 8; s++) {
        head[64 + 16 * s + lane] = (uint8_t)u->scale[s];
        head[192 + 16 * s + lane] = u->min[s];
    }
}

void ck_unit_from_group(uint32_t form, const uint8_t *head, const uint8_t *codes, size_t lane, ck_unit *u) {
    size_t subs = ck_forms[form].unit / 32, step = ck_forms[form].code_bytes / subs, count = signed_scales(form);
    for (size_t s = 0; s < subs; s++) codes_from_group(form, codes + step * s, lane, u->code + 32 * s);
    u->d = ck_load16(head + 2 * lane);
    for (size_t s = 0; s < count; s++) u->scale[s] = (int8_t)head[32 + 16 * s + lane];
    if (count || ck_forms[form].head_bytes == 32) return;
    u->m = ck_load16(head + 32 + 2 * lane);
    for (size_t s = 0; form == CK_Q2_K && s < 16; s++) {
        u->scale[s] = (int8_t)(head[64 + 16 * s + lane] & 15);
        u->min[s] = head[64 + 16 * s + lane] >> 4;
    }
    for (size_t s = 0; (form == CK_Q4_K || form == CK_Q5_K) && s < 8; s++) {
        u->scale[s] = (int8_t)head[64 + 16 * s + lane];
        u->min[s] = head[192 + 16 * s + lane];
    }
}

void ck_unit_values(uint32_t form, const ck_unit *u, float *y) {
    float d = ck_half_to_float(u->d);
    switch (form) {
    case CK_Q4_0:
    case CK_Q5_0:
    case CK_Q8_0: {
        int zero = form == CK_Q4_0 ? 8 : form == CK_Q5_0 ? 16 : 128;
        for (size_t i = 0; i < 32; i++) y[i] = d * (float)(u->code[i] - zero);
        break;
    }
    case CK_Q4_1:
    case CK_Q5_1: {
        float m = ck_half_to_float(u->m);
        for (size_t i = 0; i < 32; i++) y[i] = d * (float)u->code[i] + m;
        break;
    }
    case CK_Q4_K:
    case CK_Q5_K: {
        float dmin = ck_half_to_float(u->m);
        for (size_t s = 0; s < 8; s++) {
            float scale = d * (float)u->scale[s], min = dmin * (float)u->min[s];
            for (size_t i = 32 * s; i < 32 * s + 32; i++) y[i] = scale * (float)u->code[i] - min;
        }
        break;
    }
    case CK_Q6_K:
    case CK_Q3_K: {
        int zero = form == CK_Q6_K ? 32 : 4;
        for (size_t s = 0; s < 16; s++) {
            float scale = d * (float)u->scale[s];
            for (size_t i = 16 * s; i < 16 * s + 16; i++) y[i] = scale * (float)(u->code[i] - zero);
        }
        break;
    }
    case CK_Q2_K: {
        float dmin = ck_half_to_float(u->m);
        for (size_t s = 0; s < 16; s++) {
            float scale = d * (float)u->scale[s], min = dmin * (float)u->min[s];
            for (size_t i = 16 * s; i < 16 * s + 16; i++) y[i] = scale * (float)u->code[i] - min;
        }
        break;
    }
    case CK_IQ4_NL:
        for (size_t i = 0; i < 32; i++) y[i] = d * (float)ck_iq4_values[u->code[i]];
        break;
    case CK_IQ4_XS:
        for (size_t s = 0; s < 8; s++) {
            float scale = d * (float)u->scale[s];
            for (size_t i = 32 * s; i < 32 * s + 32; i++) y[i] = scale * (float)ck_iq4_values[u->code[i]];
        }
        break;
    default:
        break;
    }
}
