// Attention of one group of heads over one sequence, written once over vectors of 16 floats (see lanes.h).
//
// Positions are cut into spans of 256 from a fixed origin. Within a span: scores with lane = position, one accumulator
// per (query, position) over the head's dimensions in order; weights e^(score - largest of the span); values with
// lane = dimension, one accumulator per (query, dimension) over the positions in order. What a query has of a span
// (largest, sum, values) is added to what it has of the spans before, in order of the spans. So neither tiles of
// queries, nor the number of workers, nor who computes which span can change a bit.
//
// Keys and values are decoded to f32 exactly, so all element types share this. CK_QUERIES queries share each loaded
// and decoded vector, and CK_SUMS vectors of 16 sums are kept; the including file defines both by the number of its
// registers.
#ifndef CK_ATTENTION_H
#define CK_ATTENTION_H

#include "cache.h"

/// Floats in front of a query's values in its state: the largest score and the sum of weights. A state without any
/// span has the sum 0; no span gives that, since the weight of its largest score is 1.
enum { CK_STATE = 16 };
/// Positions by which values are fetched ahead.
enum { CK_AHEAD = 48 };

/// Where the keys and values of one head lie: in the pages of a cache, or one span in scratch.
typedef struct source {
    uint8_t *const *pages;
    size_t offset, first_page;
    ck_cache_layout layout;
} source;

CK_INLINE const uint8_t *page_of(const source *s, size_t position) {
    return s->pages[position / CK_SPAN - s->first_page] + s->offset;
}

/// First position that row i sees.
CK_INLINE size_t first_seen(const ck_attention *a, size_t i) {
    if (a->end) return a->begin;
    size_t own = a->first_position + i;
    return a->window && own >= a->window ? own - a->window + 1 : 0;
}

/// Scores of n queries against `blocks` blocks of 16 positions of one page.
CK_INLINE void scores_tile(const source *s, const float *const *query, float *const *score, const size_t n,
                           const size_t blocks, size_t position, const uint32_t element) {
    const size_t length = s->layout.key_length, next = length * CK_LANES * element_bytes(element);
    const size_t part = element == CK_Q8_0 ? CK_CODES : length, scales = scales_of(length) * CK_LANES * 2;
    const uint8_t *head = page_of(s, position);
    const size_t block = position % CK_SPAN / CK_LANES;
    const uint8_t *key = head + block * next, *key_scale = head + s->layout.key_scales + block * scales;
    v16 sum[CK_QUERIES][4], scale[4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks; b++) sum[i][b] = v_all(0);
    for (size_t from = 0; from < length; from += part, key_scale += CK_LANES * 2) {
        size_t to = from + part < length ? from + part : length;
        if (element == CK_Q8_0) {
#pragma clang loop unroll(full)
            for (size_t b = 0; b < blocks; b++) scale[b] = v_load_half(key_scale + b * scales);
        }
        for (size_t d = from; d < to; d++, key += CK_LANES * element_bytes(element)) {
            v16 k[4];
#pragma clang loop unroll(full)
            for (size_t b = 0; b < blocks; b++) {
                // The blocks behind these: each is too short for the machine to see a stream in it.
                __builtin_prefetch(key + (blocks + b) * next);
                k[b] = load_elements(key + b * next, element, scale[b]);
            }
#pragma clang loop unroll(full)
            for (size_t i = 0; i < n; i++) {
                v16 q = v_all(query[i][d]);
#pragma clang loop unroll(full)
                for (size_t b = 0; b < blocks; b++) sum[i][b] = v_fma(q, k[b], sum[i][b]);
            }
        }
    }
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t b = 0; b < blocks; b++) v_store(score[i] + CK_LANES * b, sum[i][b]);
}

/// The same from position `from` to `to`, both multiples of 16; score[i][0] is that of position `base`. Few queries
/// take several blocks at once, so that the latency of one sum hides behind the others.
CK_INLINE void scores_range(const source *s, const float *const *query, float *const *score, const size_t n,
                            size_t from, size_t to, size_t base, const uint32_t element) {
    const size_t blocks = CK_SUMS / n >= 4 ? 4 : CK_SUMS / n >= 2 ? 2 : 1;
    while (from < to) {
        float *row[CK_QUERIES];
        for (size_t i = 0; i < n; i++) row[i] = score[i] + (from - base);
        if (from % (CK_LANES * blocks) == 0 && from + CK_LANES * blocks <= to) {
            scores_tile(s, query, row, n, blocks, from, element);
            from += CK_LANES * blocks;
        } else {
            scores_tile(s, query, row, n, 1, from, element);
            from += CK_LANES;
        }
    }
}

/// acc[i][0 ..< 16 * parts] += sum over positions from ..< to of weight * value, in order.
CK_INLINE void values_tile(const source *s, float *const *weight, float *const *acc, const size_t n,
                           const size_t parts, size_t dimension, size_t from, size_t to, size_t base,
                           const uint32_t element) {
    const size_t bytes = element_bytes(element), row = s->layout.value_stride * bytes;
    const size_t scales = scales_of(s->layout.value_length) * 2;
    v16 sum[CK_QUERIES][4];
#pragma clang loop unroll(full)
    for (size_t i = 0; i < n; i++)
#pragma clang loop unroll(full)
        for (size_t p = 0; p < parts; p++) sum[i][p] = v_load(acc[i] + dimension + CK_LANES * p);
    for (size_t position = from; position < to;) {
        size_t end = (position / CK_SPAN + 1) * CK_SPAN;
        if (end > to) end = to;
        const uint8_t *head = page_of(s, position), *scale = head + s->layout.value_scales;
        const uint8_t *value = head + s->layout.values + position % CK_SPAN * row + dimension * bytes;
        scale += position % CK_SPAN * scales;
        for (; position < end; position++, value += row, scale += scales) {
            v16 v[4];
            __builtin_prefetch(value + CK_AHEAD * row);
#pragma clang loop unroll(full)
            for (size_t p = 0; p < parts; p++) {
                v16 by = v_all(1);
                if (element == CK_Q8_0)
                    by = v_all(load_scale(scale + (dimension + CK_LANES * p) / CK_CODES * 2));
                v[p] = load_elements(value + CK_LANES * p * bytes, element, by);
            }
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
        for (size_t p = 0; p < parts; p++) v_store(acc[i] + dimension + CK_LANES * p, sum[i][p]);
}

/// All dimensions for n queries over from ..< to.
CK_INLINE void values_range(const source *s, float *const *weight, float *const *acc, const size_t n, size_t from,
                            size_t to, size_t base, const uint32_t element) {
    if (from >= to) return;
    // As many vectors of dimensions at once as the registers have room for.
    const size_t parts = CK_SUMS / n >= 4 ? 4 : CK_SUMS / n >= 2 ? 2 : 1, stride = s->layout.value_stride;
    size_t dimension = 0;
    for (; dimension + CK_LANES * parts <= stride; dimension += CK_LANES * parts)
        values_tile(s, weight, acc, n, parts, dimension, from, to, base, element);
    for (; dimension < stride; dimension += CK_LANES)
        values_tile(s, weight, acc, n, 1, dimension, from, to, base, element);
}

/// Adds what a query has of one span to its state.
CK_INLINE void add_span(float *state, float largest, float sum, const float *acc, size_t stride) {
    if (state[1] == 0) {
        state[0] = largest;
        state[1] = sum;
        for (size_t d = 0; d < stride; d++) state[CK_STATE + d] = acc[d];
        return;
    }
    float most = largest > state[0] ? largest : state[0];
    v16 before = v_exp(v_all(state[0] - most)), now = v_exp(v_all(largest - most));
    state[0] = most;
    state[1] = __builtin_fmaf(sum, now[0], state[1] * before[0]);
    for (size_t d = 0; d < stride; d += CK_LANES)
        v_store(state + CK_STATE + d, v_fma(v_load(acc + d), now, v_load(state + CK_STATE + d) * before));
}

typedef struct tile {
    const float *query[CK_QUERIES];
    float *score[CK_QUERIES], *acc[CK_QUERIES];
    size_t low[CK_QUERIES], high[CK_QUERIES];
} tile;

/// The values of n queries: positions that not all of them see apart, before and after those that all see.
CK_INLINE void values_of(const source *s, tile *t, const size_t n, size_t base, const uint32_t element) {
    size_t low = 0, high = (size_t)-1;
    for (size_t i = 0; i < n; i++) {
        if (t->low[i] > low) low = t->low[i];
        if (t->high[i] < high) high = t->high[i];
    }
    if (high < low) high = low;
    for (size_t i = 0; i < n; i++) {
        size_t end = t->high[i] < low ? t->high[i] : low;
        values_range(s, t->score + i, t->acc + i, 1, t->low[i], end, base, element);
    }
    values_range(s, t->score, t->acc, n, low, high, base, element);
    for (size_t i = 0; i < n; i++) {
        size_t from = t->low[i] > high ? t->low[i] : high;
        values_range(s, t->score + i, t->acc + i, 1, from, t->high[i], base, element);
    }
}

/// n queries from `first` on over the positions base ..< limit of one span, into their states.
CK_INLINE void attend_tile(const ck_attention *a, const source *s, float *states, size_t first, const size_t n,
                           size_t base, size_t limit, const uint32_t element) {
    tile t;
    float score[CK_QUERIES][CK_SPAN], acc[CK_QUERIES][CK_VALUES];
    size_t from = limit, to = base;
    for (size_t i = 0; i < n; i++) {
        size_t row = (first + i) / a->heads, head = (first + i) % a->heads;
        size_t low = first_seen(a, row), high = a->end ? a->end : a->first_position + row + 1;
        t.query[i] = a->query + row * a->query_stride + head * s->layout.key_length;
        t.score[i] = score[i];
        t.acc[i] = acc[i];
        t.low[i] = low < base ? base : low < limit ? low : limit;
        t.high[i] = high > limit ? limit : high > t.low[i] ? high : t.low[i];
        if (t.low[i] < t.high[i] && t.low[i] < from) from = t.low[i];
        if (t.low[i] < t.high[i] && t.high[i] > to) to = t.high[i];
        for (size_t d = 0; d < s->layout.value_stride; d++) acc[i][d] = 0;
    }
    if (from >= to) return;
    scores_range(s, t.query, t.score, n, from / CK_LANES * CK_LANES, (to + CK_LANES - 1) / CK_LANES * CK_LANES, base,
                 element);
    float largest[CK_QUERIES], sum[CK_QUERIES];
    for (size_t i = 0; i < n; i++) {
        size_t low = t.low[i] - base, high = t.high[i] - base;
        if (low >= high) continue;
        if (a->soft_cap > 0) lanes_soft_cap(score[i] + low, high - low, a->scale, a->soft_cap);
        sum[i] = lanes_exponentials(score[i], low, high, a->soft_cap > 0 ? 1.0f : a->scale, &largest[i]);
    }
    values_of(s, &t, n, base, element);
    const size_t stride = CK_STATE + s->layout.value_stride;
    for (size_t i = 0; i < n; i++)
        if (t.low[i] < t.high[i])
            add_span(states + (first + i) * stride, largest[i], sum[i], acc[i], s->layout.value_stride);
}

CK_INLINE void attend_tiles(const ck_attention *a, const source *s, float *states, size_t base, size_t limit,
                            const uint32_t element) {
    size_t count = a->rows * a->heads, i = 0;
    for (; i + CK_QUERIES <= count; i += CK_QUERIES) attend_tile(a, s, states, i, CK_QUERIES, base, limit, element);
    // A rest of one size each, so that all its queries share what is loaded.
    switch (count - i) {
#if CK_QUERIES > 4
    case 7: attend_tile(a, s, states, i, 7, base, limit, element); break;
    case 6: attend_tile(a, s, states, i, 6, base, limit, element); break;
    case 5: attend_tile(a, s, states, i, 5, base, limit, element); break;
    case 4: attend_tile(a, s, states, i, 4, base, limit, element); break;
#endif
    case 3: attend_tile(a, s, states, i, 3, base, limit, element); break;
    case 2: attend_tile(a, s, states, i, 2, base, limit, element); break;
    case 1: attend_tile(a, s, states, i, 1, base, limit, element); break;
    default: break;
    }
}

static void attend_f32(const ck_attention *a, const source *s, float *states, size_t base, size_t limit) {
    attend_tiles(a, s, states, base, limit, CK_F32);
}

static void attend_f16(const ck_attention *a, const source *s, float *states, size_t base, size_t limit) {
    attend_tiles(a, s, states, base, limit, CK_F16);
}

static void attend_q8_0(const ck_attention *a, const source *s, float *states, size_t base, size_t limit) {
    attend_tiles(a, s, states, base, limit, CK_Q8_0);
}

/// One span of one page, decoded once for all queries when they are many.
CK_INLINE void attend_unpacked(const ck_attention *a, const source *s, float *states, size_t base, size_t limit) {
    const size_t queries = a->rows * a->heads, turned = s->layout.element == CK_Q8_0 ? s->layout.key_length : 0;
    uint8_t *unpacked = (uint8_t *)(a->scratch + queries * (a->state_stride + turned));
    source plain = {.offset = 0, .first_page = base / CK_SPAN};
    uint8_t *pages[1] = {unpacked};
    plain.pages = pages;
    ck_cache_shape(&plain.layout, CK_F32, s->layout.key_length, s->layout.value_length);
    unpack_span(&s->layout, page_of(s, base), limit - base, &plain.layout, unpacked);
    attend_f32(a, &plain, states, base, limit);
}

CK_INLINE void finish_states(const ck_attention *a, const float *states) {
    for (size_t i = 0; i < a->rows * a->heads; i++, states += a->state_stride) {
        float *output = a->output + i / a->heads * a->output_stride + i % a->heads * a->layout->value_length;
        float inverse = 1.0f / states[1];
        for (size_t d = 0; d < a->layout->value_length; d++) output[d] = states[CK_STATE + d] * inverse;
    }
}

/// The same attention with its queries turned as keys of 8-bit codes are.
CK_INLINE ck_attention with_turned_queries(const ck_attention *a) {
    const size_t length = a->layout->key_length, width = a->heads * length;
    float *turned = a->scratch + a->rows * a->heads * a->state_stride;
    for (size_t row = 0; row < a->rows; row++) {
        __builtin_memcpy(turned + row * width, a->query + row * a->query_stride, width * sizeof(float));
        for (size_t head = 0; head < a->heads; head++) turn(turned + row * width + head * length, length, 0);
    }
    ck_attention b = *a;
    b.query = turned;
    b.query_stride = width;
    return b;
}

CK_INLINE void lanes_attend(const ck_attention *given) {
    ck_attention turned;
    if (given->layout->element == CK_Q8_0) turned = with_turned_queries(given);
    const ck_attention *a = given->layout->element == CK_Q8_0 ? &turned : given;
    const source s = {.pages = a->pages, .offset = a->head_offset, .layout = *a->layout};
    const size_t count = a->rows * a->heads, states = count * a->state_stride;
    const size_t origin = a->end ? a->begin / CK_LANES * CK_LANES : 0;
    const size_t end = a->end ? a->end : a->first_position + a->rows;
    for (size_t span = a->first_span; span < a->end_span; span++) {
        float *into = a->partials ? a->partials + (span - a->first_span) * states : a->scratch;
        if (a->partials || span == a->first_span)
            for (size_t i = 0; i < count; i++) into[i * a->state_stride + 1] = 0;
        size_t base = origin + span * CK_SPAN, limit = end < base + CK_SPAN ? end : base + CK_SPAN;
        if (s.layout.element == CK_F32) attend_f32(a, &s, into, base, limit);
        else if (count > CK_QUERIES && base % CK_SPAN == 0) attend_unpacked(a, &s, into, base, limit);
        else if (s.layout.element == CK_F16) attend_f16(a, &s, into, base, limit);
        else attend_q8_0(a, &s, into, base, limit);
    }
    if (!a->partials) finish_states(a, a->scratch);
}

/// Adds up the states of all spans of an attention that was computed in parts.
CK_INLINE void lanes_merge_spans(const ck_attention *a) {
    const size_t count = a->rows * a->heads, states = count * a->state_stride;
    float *total = a->partials;
    for (size_t span = 1; span < a->end_span - a->first_span; span++) {
        const float *part = total + span * states;
        for (size_t i = 0; i < count; i++, part += a->state_stride)
            if (part[1] != 0)
                add_span(total + i * a->state_stride, part[0], part[1], part + CK_STATE, a->layout->value_stride);
    }
    finish_states(a, total);
}

#endif
