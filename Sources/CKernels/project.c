// One product call: tiles of 16 activation rows over groups of 16 weight rows, bias and residual added at the end.
#include "packing.h"

/// Groups that one call computes: several accumulators hide the latency of adding.
enum { GROUPS_AT_ONCE = 4 };

/// y has one row of `groups` * 16 sums per activation row; rows past the matrix's last are padding.
static void finish(const ck_matrix *w, size_t group, size_t groups, const float *y, size_t rows, size_t out_row,
                   const ck_output *output) {
    size_t first = group * CK_ROWS, n = groups * CK_ROWS;
    if (first + n > w->rows) n = w->rows - first;
    for (size_t i = 0; i < rows; i++, y += groups * CK_ROWS) {
        float *to = output->values + (out_row + i) * output->stride + first;
        const float *bias = output->bias ? output->bias + first : 0;
        for (size_t k = 0; k < n; k++) {
            float sum = bias ? y[k] + bias[k] : y[k];
            to[k] = output->accumulate ? to[k] + sum : sum;
        }
    }
}

void ck_project(const ck_set *set, const ck_matrix *w, size_t first_group, size_t end_group, const ck_input *input,
                size_t first_row, size_t row_count, const ck_output *output) {
    float y[CK_TILE * GROUPS_AT_ONCE * CK_ROWS];
    int is_float = ck_forms[w->form].unit == 1;
    size_t blocks = (input->columns + 31) / 32, end_row = first_row + row_count;
    ck_product product = set->product[w->form];
    for (size_t row = first_row; row < end_row;) {
        size_t tile = row / CK_TILE * CK_TILE, in_tile = row - tile;
        size_t tile_rows = input->rows - tile < CK_TILE ? input->rows - tile : CK_TILE;
        size_t m = tile_rows - in_tile < end_row - row ? tile_rows - in_tile : end_row - row;
        const void *x = is_float ? (const void *)(input->values + row * input->columns)
                                 : (const void *)(input->blocks + tile * blocks + in_tile);
        size_t stride = is_float ? input->columns : tile_rows;
        for (size_t group = first_group; group < end_group;) {
            size_t groups = end_group - group < GROUPS_AT_ONCE ? end_group - group : GROUPS_AT_ONCE;
            product(w, group, groups, x, stride, m, y);
            finish(w, group, groups, y, m, row - first_row, output);
            group += groups;
        }
        row += m;
    }
}

void ck_project_together(const ck_set *set, ck_pool *pool, size_t worker, const ck_projection *projections, size_t count,
                         const ck_rows *rows, size_t row_ranges) {
    size_t chunks = 0;
    for (size_t i = 0; i < count; i++)
        chunks += (projections[i].weights.groups + projections[i].span - 1) / projections[i].span;
    for (;;) {
        size_t chunk = ck_pool_claim(pool, worker, chunks);
        if (chunk >= chunks) return;
        const ck_projection *p = projections;
        for (size_t own; chunk >= (own = (p->weights.groups + p->span - 1) / p->span); p++) chunk -= own;
        size_t first = chunk * p->span, end = first + p->span < p->weights.groups ? first + p->span : p->weights.groups;
        ck_output output = p->output;
        for (size_t i = 0; i < row_ranges; i++) {
            ck_project(set, &p->weights, first, end, &p->input, rows[i].first, rows[i].count, &output);
            output.values += rows[i].count * output.stride;
        }
    }
}
