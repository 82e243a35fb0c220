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
    default:
        break;
    }
}

// ---- unit <-> group ----

static int high_bits(uint32_t form) {
    if (form == CK_Q5_0 || form == CK_Q5_1 || form == CK_Q5_K) return 1;
    return form == CK_Q6_K ? 2 : 0;
}

/// 32 codes of one lane into the code plane.
static void codes_to_group(uint32_t form, const uint8_t *code, size_t lane, uint8_t *plane) {
    const uint32_t low = 0x0F0F0F0Fu;
    if (form == CK_Q8_0) {
        for (size_t g = 0; g < 8; g++) ck_store32(plane + 64 * g + 4 * lane, ck_load32(code + 4 * g));
        return;
    }
    for (size_t j = 0; j < 4; j++) {
        uint32_t a = ck_load32(code + 4 * j) & low, b = ck_load32(code + 16 + 4 * j) & low;
        ck_store32(plane + 64 * j + 4 * lane, a | b << 4);
    }
    if (high_bits(form) == 1) {
        uint32_t high = 0;
        for (size_t g = 0; g < 8; g++) high |= ((ck_load32(code + 4 * g) >> 4) & 0x01010101u) << g;
        ck_store32(plane + 256 + 4 * lane, high);
    } else if (high_bits(form) == 2) {
        for (size_t h = 0; h < 2; h++) {
            uint32_t high = 0;
            for (size_t g = 0; g < 4; g++)
                high |= ((ck_load32(code + 16 * h + 4 * g) >> 4) & 0x03030303u) << (2 * g);
            ck_store32(plane + 256 + 64 * h + 4 * lane, high);
        }
    }
}

static void codes_from_group(uint32_t form, const uint8_t *plane, size_t lane, uint8_t *code) {
    const uint32_t low = 0x0F0F0F0Fu;
    if (form == CK_Q8_0) {
        for (size_t g = 0; g < 8; g++) ck_store32(code + 4 * g, ck_load32(plane + 64 * g + 4 * lane));
        return;
    }
    uint32_t group[8];
    for (size_t j = 0; j < 4; j++) {
        uint32_t both = ck_load32(plane + 64 * j + 4 * lane);
        group[j] = both & low;
        group[j + 4] = (both >> 4) & low;
    }
    for (size_t g = 0; g < 8; g++) {
        if (high_bits(form) == 1) {
            group[g] |= ((ck_load32(plane + 256 + 4 * lane) >> g) & 0x01010101u) << 4;
        } else if (high_bits(form) == 2) {
            group[g] |= ((ck_load32(plane + 256 + 64 * (g / 4) + 4 * lane) >> (2 * (g % 4))) & 0x03030303u) << 4;
        }
        ck_store32(code + 4 * g, group[g]);
    }
}

static int is_super(uint32_t form) { return form >= CK_Q4_K; }

void ck_unit_to_group(uint32_t form, const ck_unit *u, size_t lane, uint8_t *head, uint8_t *codes) {
    size_t subs = ck_forms[form].unit / 32, step = ck_forms[form].code_bytes / subs;
    for (size_t s = 0; s < subs; s++) codes_to_group(form, u->code + 32 * s, lane, codes + step * s);
    ck_store16(head + 2 * lane, u->d);
    if (form == CK_Q6_K) {
        for (size_t s = 0; s < 16; s++) head[32 + 16 * s + lane] = (uint8_t)u->scale[s];
        return;
    }
    if (ck_forms[form].head_bytes > 32) ck_store16(head + 32 + 2 * lane, u->m);
    if (!is_super(form)) return;
    for (size_t s = 0; s < 8; s++) {
        head[64 + 16 * s + lane] = (uint8_t)u->scale[s];
        head[192 + 16 * s + lane] = u->min[s];
    }
}

void ck_unit_from_group(uint32_t form, const uint8_t *head, const uint8_t *codes, size_t lane, ck_unit *u) {
    size_t subs = ck_forms[form].unit / 32, step = ck_forms[form].code_bytes / subs;
    for (size_t s = 0; s < subs; s++) codes_from_group(form, codes + step * s, lane, u->code + 32 * s);
    u->d = ck_load16(head + 2 * lane);
    if (form == CK_Q6_K) {
        for (size_t s = 0; s < 16; s++) u->scale[s] = (int8_t)head[32 + 16 * s + lane];
        return;
    }
    if (ck_forms[form].head_bytes > 32) u->m = ck_load16(head + 32 + 2 * lane);
    if (!is_super(form)) return;
    for (size_t s = 0; s < 8; s++) {
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
        for (size_t s = 0; s < 16; s++) {
            float scale = d * (float)u->scale[s];
            for (size_t i = 16 * s; i < 16 * s + 16; i++) y[i] = scale * (float)(u->code[i] - 32);
        }
        break;
    default:
        break;
    }
}
