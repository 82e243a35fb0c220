// The searched encoders in the instructions that every machine has.
#include "encode_search.h"

const ck_encoders ck_plain_encoders = {encode_q4_k, encode_q5_k, encode_q6_k};
