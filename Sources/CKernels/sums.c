// Sums of f32 products by packed panels (Goto and van de Geijn, 2008): the left factor as strips of 12 rows, the right
// one as panels of 32 columns, both with the reduced dimension outermost, so that a micro-tile reads them in order.
//
// The left factor (activations) is packed once and shared; the right one (weights, quantised or not) is unpacked by
// whoever computes its columns, a step of 512 of the reduced dimension at a time, which stays in the second-level
// cache. Weights are read as often as there are ranges of rows: once, unless few columns have to be spread over many
// workers.
#include <math.h>
#include <string.h>

#include "cktraining.h"
#include "packing.h"

double ck_log(double x) { return log(x); }

const ck_training_set *ck_training(const ck_set *set) { return set->training; }

static size_t strips_of(size_t m) { return (m + CK_TILE_ROWS - 1) / CK_TILE_ROWS; }

size_t ck_panel_floats(size_t m, size_t depth) { return strips_of(m) * CK_TILE_ROWS * depth; }

typedef float v4 __attribute__((ext_vector_type(4)));

static inline v4 v4_load(const float *p) {
    v4 x;
    __builtin_memcpy(&x, p, sizeof x);
    return x;
}

/// Four rows of four values become four columns: to[j][i] = from[i][j].
static inline void turn_four(const float *from, size_t stride, float *to, size_t to_stride) {
    v4 a = v4_load(from), b = v4_load(from + stride), c = v4_load(from + 2 * stride), d = v4_load(from + 3 * stride);
    v4 ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    v4 AB = __builtin_shufflevector(a, b, 2, 6, 3, 7), CD = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    v4 first = __builtin_shufflevector(ab, cd, 0, 1, 4, 5), second = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    v4 third = __builtin_shufflevector(AB, CD, 0, 1, 4, 5), fourth = __builtin_shufflevector(AB, CD, 2, 3, 6, 7);
    __builtin_memcpy(to, &first, sizeof first);
    __builtin_memcpy(to + to_stride, &second, sizeof second);
    __builtin_memcpy(to + 2 * to_stride, &third, sizeof third);
    __builtin_memcpy(to + 3 * to_stride, &fourth, sizeof fourth);
}

/// to[j][i] = from[i][j] for rows × columns values. Four rows at a time: rows that lie a power of two apart share a set
/// of the first-level cache, which does not hold many.
static void turn(const float *from, size_t stride, size_t rows, size_t columns, float *to, size_t to_stride) {
    size_t even_rows = rows / 4 * 4, even = columns / 4 * 4;
    for (size_t i = 0; i < even_rows; i += 4)
        for (size_t j = 0; j < even; j += 4)
            turn_four(from + i * stride + j, stride, to + j * to_stride + i, to_stride);
    for (size_t j = 0; j < columns; j++)
        for (size_t i = j < even ? even_rows : 0; i < rows; i++) to[j * to_stride + i] = from[i * stride + j];
}

/// Rows that are fetched ahead, since each begins on a line that the machine's prefetchers do not foresee: without it
/// packing takes twice as long. Past the end nothing is read.
enum { ROWS_AHEAD = 16 };

static inline void fetch_row(const float *row, size_t count) {
    for (size_t at = 0; at < count; at += 16) __builtin_prefetch(row + at);
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// Where a strip's part of a step begins: steps one after the other, so that what is multiplied at once lies together.
static const float *left_at(const ck_term *term, size_t m, size_t row, size_t from, size_t depth) {
    return term->panels + strips_of(m) * CK_TILE_ROWS * from + row * depth;
}

static void pack_strip(const ck_factor *f, size_t first, size_t rows, size_t from, size_t depth, float *to) {
    if (rows < CK_TILE_ROWS) memset(to, 0, CK_TILE_ROWS * depth * sizeof *to);
    if (f->kind == CK_BY_COLUMNS) {
        const float *values = f->values + from * f->stride + first;
        for (size_t k = 0; k < depth; k++)
            for (size_t i = 0; i < rows; i++) to[k * CK_TILE_ROWS + i] = values[k * f->stride + i];
        return;
    }
    // Blocks of 16 along the rows keep both sides in the first-level cache.
    for (size_t k = 0; k < depth; k += 16)
        turn(f->values + first * f->stride + from + k, f->stride, rows, smaller(depth - k, 16), to + k * CK_TILE_ROWS,
             CK_TILE_ROWS);
}

void ck_pack_left(const ck_term *term, size_t m, size_t first, size_t end) {
    const ck_factor *f = &term->left;
    // Turned factors are read row by row over all whole strips: one strip alone uses 48 bytes of a row.
    size_t whole = f->kind == CK_BY_COLUMNS ? smaller(end, m / CK_TILE_ROWS) : first;
    for (size_t from = 0; from < term->depth; from += CK_STEP) {
        size_t depth = smaller(term->depth - from, CK_STEP);
        float *to = (float *)left_at(term, m, first * CK_TILE_ROWS, from, depth);
        for (size_t k = 0; k < depth && first < whole; k++) {
            const float *values = f->values + (from + k) * f->stride + first * CK_TILE_ROWS;
            fetch_row(values + ROWS_AHEAD * f->stride, (whole - first) * CK_TILE_ROWS);
            for (size_t strip = 0; strip < whole - first; strip++)
                __builtin_memcpy(to + (strip * depth + k) * CK_TILE_ROWS, values + strip * CK_TILE_ROWS,
                                 CK_TILE_ROWS * sizeof *to);
        }
        for (size_t strip = first < whole ? whole : first; strip < end; strip++)
            pack_strip(f, strip * CK_TILE_ROWS, smaller(m - strip * CK_TILE_ROWS, CK_TILE_ROWS), from, depth,
                       to + (strip - first) * CK_TILE_ROWS * depth);
    }
}

// ---- The right factor: [depth][32] ----

static void pack_values(const ck_factor *f, size_t row, size_t rows, size_t column, size_t columns, float *to) {
    if (columns < CK_TILE_COLUMNS) memset(to, 0, rows * CK_TILE_COLUMNS * sizeof *to);
    if (f->kind == CK_BY_ROWS) {
        const float *from = f->values + row * f->stride + column;
        if (columns == CK_TILE_COLUMNS)
            for (size_t k = 0; k < rows; k++) {
                fetch_row(from + (k + ROWS_AHEAD) * f->stride, CK_TILE_COLUMNS);
                __builtin_memcpy(to + k * CK_TILE_COLUMNS, from + k * f->stride, CK_TILE_COLUMNS * sizeof *to);
            }
        else
            for (size_t k = 0; k < rows; k++)
                memcpy(to + k * CK_TILE_COLUMNS, from + k * f->stride, columns * sizeof *to);
        return;
    }
    for (size_t k = 0; k < rows; k += 16)
        turn(f->values + column * f->stride + row + k, f->stride, columns, smaller(rows - k, 16),
             to + k * CK_TILE_COLUMNS, CK_TILE_COLUMNS);
}

/// Element (k, j) is weight (column + j, row + k): two groups of 16 rows side by side.
static void pack_weights_turned(const ck_training_set *set, const ck_matrix *w, size_t row, size_t rows, size_t column,
                                float *to, float *scratch) {
    for (size_t half = 0; half < 2; half++) {
        size_t group = column / CK_ROWS + half;
        if (group >= w->groups) {
            for (size_t k = 0; k < rows; k++) memset(to + k * CK_TILE_COLUMNS + CK_ROWS, 0, CK_ROWS * sizeof *to);
            continue;
        }
        set->decode(w, group, row, rows, scratch);
        for (size_t k = 0; k < rows; k++)
            memcpy(to + k * CK_TILE_COLUMNS + half * CK_ROWS, scratch + k * CK_ROWS, CK_ROWS * sizeof *to);
    }
}

/// Element (k, j) is weight (row + k, column + j), row a multiple of 16.
static void pack_weights(const ck_training_set *set, const ck_matrix *w, size_t row, size_t rows, size_t column,
                         size_t columns, float *to, float *scratch) {
    if (columns < CK_TILE_COLUMNS) memset(to, 0, rows * CK_TILE_COLUMNS * sizeof *to);
    for (size_t k = 0; k < rows; k += CK_ROWS) {
        size_t lanes = rows - k < CK_ROWS ? rows - k : CK_ROWS;
        set->decode(w, (row + k) / CK_ROWS, column, columns, scratch);
        turn(scratch, CK_ROWS, columns, lanes, to + k * CK_TILE_COLUMNS, CK_TILE_COLUMNS);
    }
}

static void pack_right(const ck_training_set *set, const ck_factor *f, size_t row, size_t rows, size_t column,
                       size_t columns, float *to, float *scratch) {
    switch (f->kind) {
    case CK_WEIGHTS: pack_weights(set, f->weights, f->stride + row, rows, column, columns, to, scratch); break;
    case CK_WEIGHTS_TURNED: pack_weights_turned(set, f->weights, row, rows, column, to, scratch); break;
    default: pack_values(f, row, rows, column, columns, to); break;
    }
}

// ---- Micro-tiles ----

/// A tile that may be cut by the edge of the result: computed beside it then.
static void tile_at(const ck_training_set *set, size_t depth, const float *a, const float *b, float *c, size_t stride,
                    size_t rows, size_t columns, int load) {
    if (rows == CK_TILE_ROWS && columns == CK_TILE_COLUMNS) {
        set->tile(depth, a, b, c, stride, load);
        return;
    }
    float whole[CK_TILE_ROWS * CK_TILE_COLUMNS];
    memset(whole, 0, sizeof whole);
    for (size_t i = 0; load && i < rows; i++)
        memcpy(whole + i * CK_TILE_COLUMNS, c + i * stride, columns * sizeof *c);
    set->tile(depth, a, b, whole, CK_TILE_COLUMNS, load);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * stride, whole + i * CK_TILE_COLUMNS, columns * sizeof *c);
}

/// One step of one term over a range of the result.
static void step(const ck_training_set *set, const ck_sum *sum, const ck_term *term, size_t from, size_t depth,
                 size_t first_row, size_t end_row, size_t first, size_t end, int load, float *scratch) {
    float *panels = scratch + CK_STEP * CK_TILE_COLUMNS;
    for (size_t column = first; column < end; column += CK_TILE_COLUMNS) {
        size_t columns = smaller(end - column, CK_TILE_COLUMNS);
        float *panel = panels + (column - first) * CK_STEP;
        pack_right(set, &term->right, from, depth, column, columns, panel, scratch);
        for (size_t row = first_row; row < end_row; row += CK_TILE_ROWS) {
            tile_at(set, depth, left_at(term, sum->m, row, from, depth), panel, sum->result + row * sum->stride + column, sum->stride,
                    smaller(end_row - row, CK_TILE_ROWS), columns, load);
        }
    }
}

void ck_sum_part(const ck_set *kernels, const ck_sum *sum, size_t first_row, size_t end_row, size_t first, size_t end,
                 float *scratch) {
    const ck_training_set *set = kernels->training;
    int load = sum->accumulate;
    if (!load && sum->bias) {
        for (size_t row = first_row; row < end_row; row++)
            memcpy(sum->result + row * sum->stride + first, sum->bias + first, (end - first) * sizeof *sum->bias);
        load = 1;
    }
    for (size_t t = 0; t < sum->count; t++) {
        const ck_term *term = &sum->terms[t];
        for (size_t from = 0; from < term->depth; from += CK_STEP) {
            step(set, sum, term, from, smaller(term->depth - from, CK_STEP), first_row, end_row, first, end, load,
                 scratch);
            load = 1;
        }
    }
}
