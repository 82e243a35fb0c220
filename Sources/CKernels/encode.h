// The encoders of super-blocks, which need a search.
#ifndef CK_ENCODE_H
#define CK_ENCODE_H

#include <stdint.h>

/// Values of a super-block.
#define CK_SUPER 256

typedef void (*ck_encoder)(const float *x, uint8_t *block);

/// The encoders of one instruction set; all give the same bytes.
typedef struct ck_encoders {
    ck_encoder q4_k, q5_k, q6_k;
} ck_encoders;

extern const ck_encoders ck_plain_encoders;
#if defined(__x86_64__)
extern const ck_encoders ck_avx2_encoders;
#endif

#endif
