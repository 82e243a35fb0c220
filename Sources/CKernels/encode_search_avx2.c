// The searched encoders with AVX2: eight lanes are one vector, half as much work again per second. Wider vectors gain
// nothing more.
#if defined(__x86_64__)
#include <string.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

#include "encode_search.h"

#pragma clang attribute pop

const ck_encoders ck_avx2_encoders = {encode_q4_k, encode_q5_k, encode_q6_k};
#endif
