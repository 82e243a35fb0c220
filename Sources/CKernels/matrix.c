// Packed weight matrices: shapes, packing of rows, exact values of a row, plain dequantisation.
#include "half.h"
#include "packing.h"

size_t ck_row_bytes(uint32_t form, size_t columns) {
    size_t bytes;
    if (form >= CK_FORMS || columns % ck_forms[form].unit) return 0;
    return __builtin_mul_overflow(columns / ck_forms[form].unit, (size_t)ck_forms[form].file_bytes, &bytes) ? 0 : bytes;
}

int ck_matrix_shape(ck_matrix *w, uint32_t form, size_t rows, size_t columns) {
    size_t total;
    if (form >= CK_FORMS || !rows || !columns || columns % ck_forms[form].unit) return -1;
    if (columns > (size_t)1 << 32 || rows > (size_t)1 << 40) return -1;
    w->form = form;
    w->rows = rows;
    w->columns = columns;
    w->units = columns / ck_forms[form].unit;
    w->groups = (rows + CK_ROWS - 1) / CK_ROWS;
    const size_t last = ck_code_offset(form, w->units - 1) + ck_forms[form].code_bytes;
    w->group_bytes = (last + 63) & ~(size_t)63;
    return __builtin_mul_overflow(w->groups, w->group_bytes, &total) || total > SIZE_MAX / 2 ? -1 : 0;
}

/// The head of a unit of the group that holds `row`.
static uint8_t *head_at(const ck_matrix *w, size_t row, size_t unit) {
    return w->data + row / CK_ROWS * w->group_bytes + ck_head_offset(w->form, unit);
}

static uint8_t *codes_at(const ck_matrix *w, size_t row, size_t unit) {
    return w->data + row / CK_ROWS * w->group_bytes + ck_code_offset(w->form, unit);
}

static void pack_floats(const ck_matrix *w, size_t row, const uint8_t *source) {
    uint8_t *panel = codes_at(w, row, 0);
    size_t lane = row % CK_ROWS;
    if (w->form == CK_F32) {
        for (size_t k = 0; k < w->columns; k++)
            ck_store32(panel + 4 * (CK_ROWS * k + lane), ck_load32(source + 4 * k));
    } else {
        for (size_t k = 0; k < w->columns; k++)
            ck_store16(panel + 2 * (CK_ROWS * k + lane), ck_load16(source + 2 * k));
    }
}

void ck_pack_rows(const ck_matrix *w, size_t first, size_t count, const uint8_t *source) {
    const ck_form_info *form = &ck_forms[w->form];
    size_t row_bytes = w->units * form->file_bytes, row = first;
    while (row < first + count) {
        // Unit by unit over the rows of a group, so that what is written stays in the first-level cache.
        size_t end = (row / CK_ROWS + 1) * CK_ROWS, rows = (end < first + count ? end : first + count) - row;
        ck_unit unit;
        for (size_t u = 0; u < w->units && form->unit > 1; u++) {
            for (size_t i = 0; i < rows; i++) {
                ck_unit_from_file(w->form, source + i * row_bytes + u * form->file_bytes, &unit);
                ck_unit_to_group(w->form, &unit, (row + i) % CK_ROWS, head_at(w, row, u), codes_at(w, row, u));
            }
        }
        for (size_t i = 0; i < rows && form->unit == 1; i++) pack_floats(w, row + i, source + i * row_bytes);
        row += rows;
        source += rows * row_bytes;
    }
}

void ck_pack_values(const ck_matrix *w, size_t first, size_t count, const float *values) {
    ck_pack_rows(w, first, count, (const uint8_t *)values);
}

void ck_decode_row(const ck_matrix *w, size_t row, float *values) {
    const uint8_t *panel = codes_at(w, row, 0);
    size_t lane = row % CK_ROWS;
    ck_unit unit;
    switch (w->form) {
    case CK_F32:
        for (size_t k = 0; k < w->columns; k++) values[k] = ck_from_bits(ck_load32(panel + 4 * (CK_ROWS * k + lane)));
        break;
    case CK_F16:
        for (size_t k = 0; k < w->columns; k++)
            values[k] = ck_half_to_float(ck_load16(panel + 2 * (CK_ROWS * k + lane)));
        break;
    case CK_BF16:
        for (size_t k = 0; k < w->columns; k++)
            values[k] = ck_bfloat_to_float(ck_load16(panel + 2 * (CK_ROWS * k + lane)));
        break;
    default:
        for (size_t u = 0; u < w->units; u++) {
            ck_unit_from_group(w->form, head_at(w, row, u), codes_at(w, row, u), lane, &unit);
            ck_unit_values(w->form, &unit, values + u * ck_forms[w->form].unit);
        }
    }
}

int ck_dequantise(uint32_t form, const uint8_t *source, size_t count, float *values) {
    if (form >= CK_FORMS || count % ck_forms[form].unit) return -1;
    ck_unit unit;
    switch (form) {
    case CK_F32:
        memcpy(values, source, 4 * count);
        break;
    case CK_F16:
        for (size_t i = 0; i < count; i++) values[i] = ck_half_to_float(ck_load16(source + 2 * i));
        break;
    case CK_BF16:
        for (size_t i = 0; i < count; i++) values[i] = ck_bfloat_to_float(ck_load16(source + 2 * i));
        break;
    default:
        for (size_t i = 0; i < count; i += ck_forms[form].unit, source += ck_forms[form].file_bytes) {
            ck_unit_from_file(form, source, &unit);
            ck_unit_values(form, &unit, values + i);
        }
    }
    return 0;
}
