// Layouts of packed weight groups, and the step between them and the file's blocks.
//
// A group is 16 rows; lane = row. It is one stream of bytes in the order in which a product reads it, and the groups of
// a matrix are on end, so that decoding reads memory from front to back. For each unit (32 weights, or 256 for the K
// types) a group has a head and codes. Of 32-types, whose heads are half a line of the cache or one, two units stand
// together: head, head, codes, codes (after an odd last unit the second head's place stays empty).
//
//   head         32-types: f16 d[16], and f16 m[16] where the type has a minimum
//                Q4_K, Q5_K: f16 d[16], f16 dmin[16], u8 scale[8][16], u8 min[8][16]
//                Q6_K, Q3_K: f16 d[16], i8 scale[16][16]
//                Q2_K: f16 d[16], f16 dmin[16], u8 [16][16], scale in the low and minimum in the high nibble
//                IQ4_NL: f16 d[16];  IQ4_XS: f16 d[16], i8 scale[8][16]
//   codes        per 32 weights:
//                nibbles, 4 vectors of 64 bytes: byte 4r + t of vector j holds weight 4j + t of row r in its low and
//                weight 16 + 4j + t in its high nibble;
//                Q5: one vector more, bit g of byte 4r + t is the fifth bit of weight 4g + t (g = 0 ... 7);
//                Q6_K: two vectors more, bits 2g', 2g'+1 of byte 4r + t of vector h are the upper bits of weight
//                4g + t with g = 4h + g';
//                Q8_0: 8 vectors, byte 4r + t of vector g is weight 4g + t, plus 128;
//                Q2_K: two vectors of two-bit fields as the upper ones of Q6_K; Q3_K: these and a vector of third
//                bits as the fifth ones of Q5;
//                IQ4_NL, IQ4_XS: nibbles, places in ck_iq4_values
//
// Every type keeps its own bits. Q2_K and Q3_K would fit into Q6_K's form exactly, IQ4_NL into Q8_0's, with less code;
// but decoding runs at the speed of memory, and the wider form is 1.8 to 2.5 times the bytes. Taking the narrow codes
// apart costs a shift and a mask, or one byte shuffle, per vector.
//
// Float forms have no heads: weight k of row r is element 16k + r.
#ifndef CK_PACKING_H
#define CK_PACKING_H

#include "ckernels.h"

/// What the kernels need to know of a form; constant per specialised kernel.
typedef struct ck_form_info {
    uint16_t unit;        ///< weights per unit
    uint16_t file_bytes;  ///< bytes per unit of one row in the file
    uint16_t head_bytes;  ///< bytes of the head of a unit of a group
    uint16_t code_bytes;  ///< bytes of the codes of a unit of a group
} ck_form_info;

static const ck_form_info ck_forms[CK_FORMS] = {
    [CK_F32] = {1, 4, 0, 64},         [CK_F16] = {1, 2, 0, 32},          [CK_BF16] = {1, 2, 0, 32},
    [CK_Q4_0] = {32, 18, 32, 256},    [CK_Q4_1] = {32, 20, 64, 256},     [CK_Q5_0] = {32, 22, 32, 320},
    [CK_Q5_1] = {32, 24, 64, 320},    [CK_Q8_0] = {32, 34, 32, 512},     [CK_Q4_K] = {256, 144, 320, 2048},
    [CK_Q5_K] = {256, 176, 320, 2560}, [CK_Q6_K] = {256, 210, 288, 3072}, [CK_Q2_K] = {256, 84, 320, 1024},
    [CK_Q3_K] = {256, 110, 288, 1536}, [CK_IQ4_NL] = {32, 18, 32, 256},   [CK_IQ4_XS] = {256, 136, 160, 2048},
};

/// Units whose heads stand together before their codes.
static inline __attribute__((always_inline)) size_t ck_together(const uint32_t form) {
    return ck_forms[form].unit == 32 ? 2 : 1;
}

/// Where the head of a unit lies in its group.
static inline __attribute__((always_inline)) size_t ck_head_offset(const uint32_t form, size_t unit) {
    const size_t together = ck_together(form), head = ck_forms[form].head_bytes, codes = ck_forms[form].code_bytes;
    return unit / together * together * (head + codes) + unit % together * head;
}

/// Where the codes of a unit lie in its group.
static inline __attribute__((always_inline)) size_t ck_code_offset(const uint32_t form, size_t unit) {
    const size_t together = ck_together(form), head = ck_forms[form].head_bytes, codes = ck_forms[form].code_bytes;
    return unit / together * together * (head + codes) + together * head + unit % together * codes;
}

/// What the codes of IQ4_NL and IQ4_XS stand for.
static const int8_t ck_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

/// One unit of one row, taken apart: codes in weight order, unsigned (Q8_0: plus 128).
typedef struct ck_unit {
    uint8_t code[256];
    uint16_t d, m;      ///< f16
    int8_t scale[16];   ///< Q4_K, Q5_K: 8 of 6 bits; Q6_K, Q3_K: 16 signed; Q2_K: 16 of 4 bits; IQ4_XS: 8 signed
    uint8_t min[16];
} ck_unit;

void ck_unit_from_file(uint32_t form, const uint8_t *block, ck_unit *u);
void ck_unit_to_group(uint32_t form, const ck_unit *u, size_t lane, uint8_t *head, uint8_t *codes);
void ck_unit_from_group(uint32_t form, const uint8_t *head, const uint8_t *codes, size_t lane, ck_unit *u);
/// Exact values, in one order of operations: (d * scale) * code, then the minimum, each rounded to f32.
void ck_unit_values(uint32_t form, const ck_unit *u, float *values);

/// Fetches one block's share of the bytes from `next` on. How far ahead of what is read that is best is the set's affair.
static inline __attribute__((always_inline)) void fetch_ahead(const uint8_t **next, const uint32_t form) {
    const size_t subs = ck_forms[form].unit / 32;
    const size_t share = (ck_forms[form].code_bytes + ck_forms[form].head_bytes) / subs;
#pragma clang loop unroll(full)
    for (size_t line = 0; line < share; line += 64) __builtin_prefetch(*next + line, 0, 2);
    *next += share;
}

#endif
