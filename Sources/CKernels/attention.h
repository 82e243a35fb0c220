// Attention of one group of heads over one sequence, written once over vectors of 16 floats (see lanes.h).
//
// Scores: lane = position, one accumulator per (query, position) over the head's dimensions in order. Values: lane =
// dimension, one accumulator per (query, dimension) over the positions in order. So neither tiles of queries nor the
// number of workers can change a bit. CK_QUERIES queries share each loaded key and value vector, and CK_SUMS vectors of
// 16 sums are kept; the including file defines both by the number of its registers.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

#include "lanes.h"

/// First position that row i sees.
CK_INLINE size_t first_seen(const ck_attention *a, size_t i) {
    if (a->end) return a->begin;
    size_t own = a->first_position + i;
    return a->window && own >= a->window ? own - a->window + 1 : 0;
}

/// Scores of n queries against `blocks` blocks of 16 positions of one page.
CK_INLINE void scores_tile(const ck_attention *a, const float *const *query, float *const *score, const size_t n,
                           const size_t blocks, size_t position, size_t base) {
    const float *key = a->pages[position / 256] + a->key_offset + position % 256 / 16 * 16 * a->key_length;
    v16 sum[CK_QUERIES][4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks; b++) sum[i][b] = v_all(0);
    for (size_t d = 0; d < a->key_length; d++, key += 16) {
        v16 k[4];
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks; b++) k[b] = v_load(key + b * 16 * a->key_length);
#pragma clang loop unroll(full)
        for (size_t i = 0; i < n; i++) {
            v16 q = v_all(query[i][d]);
#pragma clang loop unroll(full)
            for (size_t b = 0; b < blocks; b++) sum[i][b] = v_fma(q, k[b], sum[i][b]);
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks; b++) v_store(score[i] + (position - base) + 16 * b, sum[i][b]);
}

/// The same from position `from` to `to`, both multiples of 16. Few queries take several blocks at once, so that the
/// latency of one sum hides behind the others.
CK_INLINE void scores_range(const ck_attention *a, const float *const *query, float *const *score, const size_t n,
                            size_t from, size_t to, size_t base) {
    const size_t blocks = CK_SUMS / n >= 4 ? 4 : CK_SUMS / n >= 2 ? 2 : 1;
    while (from < to) {
        if (from % (16 * blocks) == 0 && from + 16 * blocks <= to) {
            scores_tile(a, query, score, n, blocks, from, base);
            from += 16 * blocks;
        } else {
            scores_tile(a, query, score, n, 1, from, base);
            from += 16;
        }
    }
}

/// acc[i][0 ..< 16 * parts] += sum over positions from ..< to of weight * value, in order.
CK_INLINE void values_tile(const ck_attention *a, float *const *weight, float *const *acc, const size_t n,
                           const size_t parts, size_t dimension, size_t from, size_t to, size_t base) {
    v16 sum[CK_QUERIES][4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) sum[i][p] = v_load(acc[i] + dimension + 16 * p);
    for (size_t position = from; position < to;) {
        size_t end = (position / 256 + 1) * 256;
        if (end > to) end = to;
        const float *value = a->pages[position / 256] + a->value_offset + position % 256 * a->value_stride + dimension;
        for (; position < end; position++, value += a->value_stride) {
            v16 v[4];
#pragma clang loop unroll(full)
            for (size_t p = 0; p < parts; p++) v[p] = v_load(value + 16 * p);
#pragma clang loop unroll(full)
            for (size_t i = 0; i < n; i++) {
                v16 w = v_all(weight[i][position - base]);
#pragma clang loop unroll(full)
                for (size_t p = 0; p < parts; p++) sum[i][p] = v_fma(w, v[p], sum[i][p]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) v_store(acc[i] + dimension + 16 * p, sum[i][p]);
}

/// All dimensions for n queries over from ..< to.
CK_INLINE void values_range(const ck_attention *a, float *const *weight, float *const *acc, const size_t n,
                            size_t from, size_t to, size_t base) {
    if (from >= to) return;
    // As many vectors of dimensions at once as the registers have room for.
    const size_t parts = CK_SUMS / n >= 4 ? 4 : CK_SUMS / n >= 2 ? 2 : 1;
    size_t dimension = 0;
    for (; dimension + 16 * parts <= a->value_stride; dimension += 16 * parts)
        values_tile(a, weight, acc, n, parts, dimension, from, to, base);
    for (; dimension < a->value_stride; dimension += 16)
        values_tile(a, weight, acc, n, 1, dimension, from, to, base);
}

typedef struct tile {
    const float *query[CK_QUERIES];
    float *score[CK_QUERIES], *acc[CK_QUERIES], *output[CK_QUERIES];
    float inverse[CK_QUERIES];
    size_t low[CK_QUERIES], high[CK_QUERIES];
} tile;

/// The values of n queries: positions that not all of them see apart, before and after those that all see.
CK_INLINE void values_of(const ck_attention *a, tile *t, const size_t n, size_t base) {
    size_t low = 0, high = (size_t)-1;
    for (size_t i = 0; i < n; i++) {
        if (t->low[i] > low) low = t->low[i];
        if (t->high[i] < high) high = t->high[i];
    }
    if (high < low) high = low;
    for (size_t i = 0; i < n; i++) {
        size_t end = t->high[i] < low ? t->high[i] : low;
        values_range(a, t->score + i, t->acc + i, 1, t->low[i], end, base);
    }
    values_range(a, t->score, t->acc, n, low, high, base);
    for (size_t i = 0; i < n; i++) values_range(a, t->score + i, t->acc + i, 1, high, t->high[i], base);
}

CK_INLINE void attend_tile(const ck_attention *a, size_t first, const size_t n, size_t base) {
    tile t;
    float acc[CK_QUERIES][CK_VALUES];
    size_t from = (size_t)-1, to = 0;
    for (size_t i = 0; i < n; i++) {
        size_t row = (first + i) / a->heads, head = (first + i) % a->heads;
        t.query[i] = a->query + row * a->query_stride + head * a->key_length;
        t.output[i] = a->output + row * a->output_stride + head * a->value_length;
        t.score[i] = a->scores + (first + i) * a->score_stride;
        t.acc[i] = acc[i];
        t.low[i] = first_seen(a, row);
        t.high[i] = a->end ? a->end : a->first_position + row + 1;
        if (t.low[i] < from) from = t.low[i];
        if (t.high[i] > to) to = t.high[i];
        for (size_t d = 0; d < a->value_stride; d++) acc[i][d] = 0;
    }
    scores_range(a, t.query, t.score, n, from / 16 * 16, (to + 15) / 16 * 16, base);
    for (size_t i = 0; i < n; i++)
        t.inverse[i] = lanes_exponentials(t.score[i], t.low[i] - base, t.high[i] - base, a->scale);
    values_of(a, &t, n, base);
    for (size_t i = 0; i < n; i++)
        for (size_t d = 0; d < a->value_length; d++) t.output[i][d] = t.acc[i][d] * t.inverse[i];
}

CK_INLINE void lanes_attend(const ck_attention *a) {
    size_t count = a->rows * a->heads, base = first_seen(a, 0) / 16 * 16, i = 0;
    for (; i + CK_QUERIES <= count; i += CK_QUERIES) attend_tile(a, i, CK_QUERIES, base);
    // A rest of one size each, so that all its queries share what is loaded.
    switch (count - i) {
#if CK_QUERIES > 4
    case 7: attend_tile(a, i, 7, base); break;
    case 6: attend_tile(a, i, 6, base); break;
    case 5: attend_tile(a, i, 5, base); break;
    case 4: attend_tile(a, i, 4, base); break;
#endif
    case 3: attend_tile(a, i, 3, base); break;
    case 2: attend_tile(a, i, 2, base); break;
    case 1: attend_tile(a, i, 1, base); break;
    default: break;
    }
}

#endif
