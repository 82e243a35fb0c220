// Keys and values in their pages: what attention reads (see ck_attention in ckernels.h).
#include <string.h>

#include "ckernels.h"

void ck_store_keys_values(const float *keys, size_t key_row, const float *values, size_t value_row, size_t rows,
                          size_t first_position, float *page_keys, size_t key_length, float *page_values,
                          size_t value_length, size_t value_stride) {
    size_t slot = first_position % 256;
    // 16 positions of a dimension are one cache line: it is written once.
    float *to = page_keys + slot / 16 * 16 * key_length + slot % 16;
    for (size_t d = 0; d < key_length; d++, to += 16)
        for (size_t i = 0; i < rows; i++) to[i] = keys[i * key_row + d];
    for (size_t i = 0; i < rows; i++)
        memcpy(page_values + (slot + i) * value_stride, values + i * value_row, value_length * sizeof(float));
}

size_t ck_score_stride(size_t first_position, size_t rows, size_t window) {
    size_t end = first_position + rows;
    size_t low = window && first_position >= window ? first_position - window + 1 : 0;
    return (end + 15) / 16 * 16 - low / 16 * 16;
}
