// Attention with its gradient over a tree of documents (packed rows are trees of one document; rows that share a
// beginning are children of it), without the square matrix: 48 queries at a time against the panels of 32 keys that
// any of them sees (after Dao et al., 2022, with the whole row of scores instead of the running maximum).
//
// Every product is a chain over the head's dimensions or over keys or queries in row order. One call is one head of
// keys and values, so gradients of keys and values are summed by one worker, in the order of heads and queries.
#include <math.h>
#include <string.h>

#include "cktraining.h"

enum { ROWS = CK_TILE_ROWS, COLUMNS = CK_TILE_COLUMNS, QUERIES = CK_QUERY_TILE };

static size_t up(size_t n, size_t to) { return (n + to - 1) / to * to; }
static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/// What one call keeps in scratch.
typedef struct work {
    const ck_training_set *set;
    const ck_set *rows;
    const ck_tree_attention *a;
    size_t keys;        ///< rows of the tree, rounded up to panels of 32
    float *keys_turned;  ///< [panel][key_length][32]
    float *values_turned;  ///< backward: [panel][value_length][32]
    float *values;      ///< [value_length / 32][keys][32]
    float *keys_plain;  ///< backward: [key_length / 32][keys][32]
    float *scores;      ///< [48][keys]: of the visible panels only, side by side
    float *gradients;   ///< backward: the same
    float *left;        ///< a packed left factor: [keys or 48][12] a strip
    float *right;       ///< [48][32] panels of queries or output gradients
    size_t *panels;     ///< the visible panels of the tile, in order
    size_t visible;
} work;

static size_t widest(const ck_tree_attention *a) {
    return a->key_length > a->value_length ? a->key_length : a->value_length;
}

static size_t panel_count(const ck_tree_attention *a) { return up(a->end - a->begin, COLUMNS) / COLUMNS; }

size_t ck_tree_scratch(const ck_tree_attention *a) {
    size_t keys = panel_count(a) * COLUMNS, wide = up(widest(a), COLUMNS);
    return 4 * keys * wide + 2 * QUERIES * keys + ROWS * (keys > wide ? keys : wide) * (QUERIES / ROWS) +
           QUERIES * wide + 2 * panel_count(a) + 4096;
}

static work prepare(const ck_set *set, const ck_tree_attention *a, float *scratch) {
    size_t keys = panel_count(a) * COLUMNS, wide = up(widest(a), COLUMNS);
    work w = {.set = ck_training(set), .rows = set, .a = a, .keys = keys};
    w.keys_turned = scratch;
    w.values_turned = w.keys_turned + keys * wide;
    w.values = w.values_turned + keys * wide;
    w.keys_plain = w.values + keys * wide;
    w.scores = w.keys_plain + keys * wide;
    w.gradients = w.scores + QUERIES * keys;
    w.left = w.gradients + QUERIES * keys;
    w.right = w.left + ROWS * (keys > wide ? keys : wide) * (QUERIES / ROWS) + 2048;
    w.panels = (size_t *)(void *)(w.right + QUERIES * wide);
    return w;
}

/// Rows of x to [panel][length][32], rows past the end as zeros.
static void turn(const ck_tree_attention *a, const float *x, size_t stride, size_t length, size_t keys, float *to) {
    size_t n = a->end - a->begin;
    for (size_t row = 0; row < keys; row++) {
        float *lane = to + row / COLUMNS * length * COLUMNS + row % COLUMNS;
        const float *from = x + (a->begin + row) * stride;
        for (size_t d = 0; d < length; d++) lane[d * COLUMNS] = row < n ? from[d] : 0;
    }
}

/// `count` rows of x to [length / 32][to_rows][32], what is not there as zeros.
static void lay(const float *x, size_t stride, size_t count, size_t length, size_t to_rows, float *to) {
    for (size_t d = 0; d < length; d += COLUMNS) {
        size_t columns = smaller(length - d, COLUMNS);
        float *panel = to + d * to_rows;
        for (size_t row = 0; row < to_rows; row++) {
            float *line = panel + row * COLUMNS;
            if (row >= count || columns < COLUMNS) memset(line, 0, COLUMNS * sizeof *line);
            if (row < count) memcpy(line, x + row * stride + d, columns * sizeof *line);
        }
    }
}

/// `count` rows of x to strips of [length][12].
static void strips(const float *x, size_t stride, size_t count, size_t length, float *to) {
    for (size_t first = 0; first < count; first += ROWS, to += length * ROWS) {
        size_t rows = smaller(count - first, ROWS);
        if (rows < ROWS) memset(to, 0, length * ROWS * sizeof *to);
        for (size_t i = 0; i < rows; i++)
            for (size_t d = 0; d < length; d++) to[d * ROWS + i] = x[(first + i) * stride + d];
    }
}

/// x [rows of depth, width] turned to strips of 12 columns: [depth][12].
static void column_strips(const float *x, size_t stride, size_t depth, size_t width, float *to) {
    for (size_t first = 0; first < width; first += ROWS, to += depth * ROWS) {
        size_t lanes = smaller(width - first, ROWS);
        for (size_t k = 0; k < depth; k++)
            for (size_t i = 0; i < ROWS; i++) to[k * ROWS + i] = i < lanes ? x[k * stride + first + i] : 0;
    }
}

/// c [rows, columns] (+)= a b for one tile that may be cut.
static void tile_at(const work *w, size_t depth, const float *a, const float *b, float *c, size_t stride, size_t rows,
                    size_t columns, int load) {
    if (rows == ROWS && columns == COLUMNS) {
        w->set->tile(depth, a, b, c, stride, load);
        return;
    }
    float whole[ROWS * COLUMNS];
    memset(whole, 0, sizeof whole);
    for (size_t i = 0; load && i < rows; i++) memcpy(whole + i * COLUMNS, c + i * stride, columns * sizeof *c);
    w->set->tile(depth, a, b, whole, COLUMNS, load);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * stride, whole + i * COLUMNS, columns * sizeof *c);
}

/// Whether a row sees a key of its document's ranges.
static int sees(const ck_tree_attention *a, size_t document, size_t row, size_t key) {
    for (size_t r = a->first_range[document]; r < a->first_range[document + 1]; r++) {
        if (key < a->range_begin[r] || key >= a->range_end[r] || key > row) continue;
        return !a->window || (int64_t)a->positions[row] - a->positions[key] < a->window;
    }
    return 0;
}

/// Whether a row sees a whole panel: it lies within one range, before the row, and inside the window.
static int sees_panel(const ck_tree_attention *a, size_t document, size_t row, size_t key) {
    size_t last = key + COLUMNS - 1;
    if (last > row || (a->window && (int64_t)a->positions[row] - a->positions[key] >= a->window)) return 0;
    for (size_t r = a->first_range[document]; r < a->first_range[document + 1]; r++)
        if (key >= a->range_begin[r] && last < a->range_end[r]) return 1;
    return 0;
}

/// The panels that rows first ... < end of a document see, in order.
static void find_panels(work *w, size_t document, size_t first, size_t end) {
    const ck_tree_attention *a = w->a;
    w->visible = 0;
    for (size_t r = a->first_range[document]; r < a->first_range[document + 1]; r++) {
        size_t begin = a->range_begin[r], last = smaller(a->range_end[r], end);
        if (a->window)
            while (begin < last && (int64_t)a->positions[first] - a->positions[begin] >= a->window) begin++;
        for (size_t p = (begin - a->begin) / COLUMNS; begin < last && p <= (last - 1 - a->begin) / COLUMNS; p++)
            if (!w->visible || w->panels[w->visible - 1] < p) w->panels[w->visible++] = p;
    }
}

/// Scores of a tile of queries against the visible panels; what a row does not see becomes -inf.
static void scores(const work *w, size_t document, const float *query, size_t first, size_t count) {
    const ck_tree_attention *a = w->a;
    size_t depth = a->key_length, width = w->visible * COLUMNS;
    strips(query, a->q_stride, count, depth, w->left);
    for (size_t row = 0; row < count; row += ROWS)
        for (size_t p = 0; p < w->visible; p++)
            w->set->tile(depth, w->left + row * depth, w->keys_turned + w->panels[p] * depth * COLUMNS,
                         w->scores + row * width + p * COLUMNS, width, 0);
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < w->visible; p++) {
            float *lane = w->scores + i * width + p * COLUMNS;
            size_t key = a->begin + w->panels[p] * COLUMNS;
            if (sees_panel(a, document, first + i, key)) continue;
            for (size_t j = 0; j < COLUMNS; j++)
                if (!sees(a, document, first + i, key + j)) lane[j] = -INFINITY;
        }
    }
}

/// out [count, length] (+)= x [count, visible keys] laid [length / 32][keys][32], run by run of neighbouring panels.
static void weighted(const work *w, const float *x, const float *laid, size_t count, size_t length, float *out,
                     size_t stride, int load) {
    size_t width = w->visible * COLUMNS;
    for (size_t row = 0; row < count; row += ROWS) {
        size_t rows = smaller(count - row, ROWS);
        strips(x + row * width, width, rows, width, w->left);
        for (size_t d = 0; d < length; d += COLUMNS) {
            int more = load;
            for (size_t p = 0, run; p < w->visible; p += run) {
                for (run = 1; p + run < w->visible && w->panels[p + run] == w->panels[p] + run; run++) {}
                tile_at(w, run * COLUMNS, w->left + p * COLUMNS * ROWS,
                        laid + d * w->keys + w->panels[p] * COLUMNS * COLUMNS, out + row * stride + d, stride, rows,
                        smaller(length - d, COLUMNS), more);
                more = 1;
            }
        }
    }
}

/// out [key, length] += sum over queries of x [count, visible keys] times laid [length / 32][count][32].
static void spread(const work *w, const float *x, const float *laid, size_t count, size_t length, float *out,
                   size_t stride) {
    const ck_tree_attention *a = w->a;
    size_t width = w->visible * COLUMNS;
    for (size_t p = 0; p < w->visible; p++) {
        size_t first = a->begin + w->panels[p] * COLUMNS, keys = smaller(a->end - first, COLUMNS);
        column_strips(x + p * COLUMNS, width, count, COLUMNS, w->left);
        for (size_t k = 0; k < keys; k += ROWS)
            for (size_t d = 0; d < length; d += COLUMNS)
                tile_at(w, count, w->left + k * count, laid + d * count, out + (first + k) * stride + d, stride,
                        smaller(keys - k, ROWS), smaller(length - d, COLUMNS), 1);
    }
}

static void forward_tile(work *w, size_t document, size_t head, size_t first, size_t count) {
    const ck_tree_attention *a = w->a;
    size_t width = w->visible * COLUMNS;
    scores(w, document, a->q + first * a->q_stride + head * a->key_length, first, count);
    float inverse[QUERIES];
    for (size_t i = 0; i < count; i++) {
        float *row = w->scores + i * width, most = w->set->maximum(row, a->scale, width);
        float sum = w->set->exponentials(row, a->scale, most, width, row);
        inverse[i] = 1.0f / sum;
        a->log_sums[(first + i) * a->log_stride + head] = most + (float)log((double)sum);
    }
    float *out = a->output + first * a->output_stride + head * a->value_length;
    weighted(w, w->scores, w->values, count, a->value_length, out, a->output_stride, 0);
    for (size_t i = 0; i < count; i++)
        w->set->scale(inverse[i], out + i * a->output_stride, a->value_length, out + i * a->output_stride);
}

static void backward_tile(work *w, size_t document, size_t head, size_t first, size_t count) {
    const ck_tree_attention *a = w->a;
    size_t width = w->visible * COLUMNS, kl = a->key_length, vl = a->value_length;
    const float *query = a->q + first * a->q_stride + head * kl;
    const float *out = a->output + first * a->output_stride + head * vl;
    const float *dy = a->output_gradient + first * a->output_stride + head * vl;
    scores(w, document, query, first, count);
    strips(dy, a->output_stride, count, vl, w->left);
    for (size_t row = 0; row < count; row += ROWS)
        for (size_t p = 0; p < w->visible; p++)
            w->set->tile(vl, w->left + row * vl, w->values_turned + w->panels[p] * vl * COLUMNS,
                         w->gradients + row * width + p * COLUMNS, width, 0);
    for (size_t i = 0; i < count; i++) {
        float *p = w->scores + i * width;
        w->set->exponentials(p, a->scale, a->log_sums[(first + i) * a->log_stride + head], width, p);
        float mean = w->rows->dot(dy + i * a->output_stride, out + i * a->output_stride, vl);
        w->set->softmax_backward(p, w->gradients + i * width, mean, a->scale, width);
    }
    weighted(w, w->gradients, w->keys_plain, count, kl, a->q_gradient + first * a->q_stride + head * kl, a->q_stride,
             1);
    lay(query, a->q_stride, count, kl, count, w->right);
    spread(w, w->gradients, w->right, count, kl, a->k_gradient, a->kv_stride);
    lay(dy, a->output_stride, count, vl, count, w->right);
    spread(w, w->scores, w->right, count, vl, a->v_gradient, a->kv_stride);
}

static void over_tiles(work *w, void (*tile)(work *, size_t, size_t, size_t, size_t)) {
    const ck_tree_attention *a = w->a;
    for (size_t head = 0; head < a->heads; head++) {
        for (size_t d = 0; d < a->documents; d++) {
            size_t own = a->first_range[d + 1] - 1, end = a->range_end[own];
            for (size_t first = a->range_begin[own]; first < end; first += QUERIES) {
                size_t count = smaller(end - first, QUERIES);
                find_panels(w, d, first, first + count);
                tile(w, d, head, first, count);
            }
        }
    }
}

void ck_tree_forward(const ck_set *set, const ck_tree_attention *a, float *scratch) {
    if (a->begin == a->end) return;
    work w = prepare(set, a, scratch);
    turn(a, a->k, a->kv_stride, a->key_length, w.keys, w.keys_turned);
    lay(a->v + a->begin * a->kv_stride, a->kv_stride, a->end - a->begin, a->value_length, w.keys, w.values);
    over_tiles(&w, forward_tile);
}

void ck_tree_backward(const ck_set *set, const ck_tree_attention *a, float *scratch) {
    if (a->begin == a->end) return;
    work w = prepare(set, a, scratch);
    turn(a, a->k, a->kv_stride, a->key_length, w.keys, w.keys_turned);
    turn(a, a->v, a->kv_stride, a->value_length, w.keys, w.values_turned);
    lay(a->k + a->begin * a->kv_stride, a->kv_stride, a->end - a->begin, a->key_length, w.keys, w.keys_plain);
    over_tiles(&w, backward_tile);
}
