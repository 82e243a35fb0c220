// The layout of keys and values in their pages (see ck_cache_layout in ckernels.h).
#include "ckernels.h"

static size_t rounded(size_t bytes) { return (bytes + 63) / 64 * 64; }

int ck_cache_shape(ck_cache_layout *layout, uint32_t element, size_t key_length, size_t value_length) {
    if (element != CK_F32 && element != CK_F16 && element != CK_Q8_0) return -1;
    if (!key_length || key_length > CK_VALUES || !value_length || value_length > CK_VALUES) return -1;
    const size_t bytes = element == CK_F32 ? 4 : element == CK_F16 ? 2 : 1, scale = element == CK_Q8_0 ? 2 : 0;
    *layout = (ck_cache_layout){.element = element, .key_length = key_length, .value_length = value_length};
    layout->value_stride = (value_length + 15) / 16 * 16;
    layout->key_scales = rounded(CK_SPAN * key_length * bytes);
    layout->values = layout->key_scales + rounded(CK_SPAN * ((key_length + 31) / 32) * scale);
    layout->value_scales = layout->values + rounded(CK_SPAN * layout->value_stride * bytes);
    layout->head_bytes = layout->value_scales + rounded(CK_SPAN * ((value_length + 31) / 32) * scale);
    return 0;
}

size_t ck_state_stride(const ck_cache_layout *layout) { return 16 + layout->value_stride; }

size_t ck_attention_scratch(const ck_cache_layout *layout, size_t queries) {
    size_t unpacked = layout->element == CK_F32 ? 0 : CK_SPAN * (layout->key_length + layout->value_stride);
    size_t turned = layout->element == CK_Q8_0 ? queries * layout->key_length : 0;
    return queries * ck_state_stride(layout) + turned + unpacked;
}
