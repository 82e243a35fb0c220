// The encoders of super-blocks, which need a search.
#ifndef CK_ENCODE_H
#define CK_ENCODE_H

#include <stdint.h>

/// Values of a super-block.
#define CK_SUPER 256

void ck_encode_q4_k(const float *x, uint8_t *block);
void ck_encode_q5_k(const float *x, uint8_t *block);
void ck_encode_q6_k(const float *x, uint8_t *block);

#endif
