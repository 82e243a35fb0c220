// f32 compute for training: products of packed panels, attention with its gradient, row kernels and optimizer steps.
//
// The promise of ckernels.h holds here too: every output element is one chain of fused multiply-adds over the reduced
// dimension in index order, cut into steps of CK_STEP that are added up in order. Neither the instruction set nor the
// tiles nor the number of workers change a bit.
#ifndef CKTRAINING_H
#define CKTRAINING_H

#include "ckernels.h"

#pragma clang assume_nonnull begin

enum {
    CK_TILE_ROWS = 12,     ///< rows of a micro-tile: of a panel of the left factor
    CK_TILE_COLUMNS = 32,  ///< columns of a micro-tile: of a panel of the right factor
    CK_STEP = 512,         ///< how much of the reduced dimension is multiplied at once
    CK_QUERY_TILE = 48     ///< query rows that attention takes at once
};

/// How an element (row, column) of a factor is found.
enum {
    CK_BY_ROWS = 0,     ///< values[row * stride + column]
    CK_BY_COLUMNS,      ///< values[column * stride + row]
    CK_WEIGHTS,         ///< weights[stride + row][column], stride a multiple of 16; right factors only
    CK_WEIGHTS_TURNED   ///< weights[column][row]; right factors only
};

/// A factor of a product.
typedef struct ck_factor {
    uint32_t kind;
    const float *_Nullable values;
    size_t stride;
    const ck_matrix *_Nullable weights;
} ck_factor;

/// One term: left [m, depth] times right [depth, n]. `panels` holds the left factor once it is packed.
typedef struct ck_term {
    ck_factor left, right;
    size_t depth;
    float *panels;       ///< ck_panel_floats(m, depth)
} ck_term;

/// result [m, stride] = (accumulate ? result : bias or 0) + sum of terms.
typedef struct ck_sum {
    const ck_term *terms;
    size_t count, m, n;
    float *result;
    size_t stride;
    const float *_Nullable bias;  ///< [n]
    int accumulate;
} ck_sum;

/// Floats of a packed left factor.
size_t ck_panel_floats(size_t m, size_t depth);
/// Packs strips first ... < end (CK_TILE_ROWS rows each) of the left factor of a term.
void ck_pack_left(const ck_term *term, size_t m, size_t first, size_t end);
/// Computes rows first_row ... < end_row (multiples of CK_TILE_ROWS, or m) and columns first ... < end (multiples of
/// CK_TILE_COLUMNS, or n) of a sum whose left factors are packed. scratch: CK_STEP * (end - first rounded up to 32)
/// floats and CK_STEP * 32 more.
void ck_sum_part(const ck_set *set, const ck_sum *sum, size_t first_row, size_t end_row, size_t first, size_t end,
                 float *scratch);

/// Attention of one head of keys and values and the query heads that share it, over one tree of documents.
///
/// Rows begin ... < end belong to the tree. Row i sees the rows of `spans[span_of[i - begin]]`: the ranges of its
/// ancestors and its own document up to itself, less what lies `window` positions or more back.
typedef struct ck_tree_attention {
    const float *_Nullable q, *_Nullable k, *_Nullable v;            ///< first value of the first head of this group; row-major
    size_t q_stride, kv_stride;
    size_t heads, key_length, value_length;
    size_t begin, end;
    const uint32_t *_Nullable first_range;       ///< [documents + 1]: ranges of a document are first_range[d] ... < first_range[d+1]
    const uint32_t *_Nullable range_begin, *_Nullable range_end;  ///< ancestors in order, then the document itself
    size_t documents;
    const int32_t *_Nullable positions;          ///< [rows of the batch]
    int64_t window;                    ///< 0: none
    float scale;
    float *_Nullable output;                     ///< [rows, heads * value_length] with output_stride
    size_t output_stride;
    float *_Nullable log_sums;                   ///< [rows, log_stride]: log of the sum of exponentials, one per query head
    size_t log_stride;
    // Backward only:
    const float *_Nullable output_gradient;   ///< as output
    float *_Nullable q_gradient, *_Nullable k_gradient, *_Nullable v_gradient;  ///< added to; as q, k, v
} ck_tree_attention;

/// Floats of scratch for either direction.
size_t ck_tree_scratch(const ck_tree_attention *a);
void ck_tree_forward(const ck_set *set, const ck_tree_attention *a, float *scratch);
void ck_tree_backward(const ck_set *set, const ck_tree_attention *a, float *scratch);

/// One step of AdamW over n values (Loshchilov and Hutter, 2019), in the order of operations of the docs.
typedef struct ck_adamw {
    float rate, beta1, beta2, epsilon, decay;
    float correction1, correction2;   ///< 1 - beta1^t, sqrt(1 - beta2^t)
    float gradient_scale;             ///< clipping
} ck_adamw;

/// The kernels of one instruction set for training.
typedef struct ck_training_set {
    /// c [12, stride] = (load ? c : 0) + a b; a [depth][12], b [depth][32].
    void (*_Nonnull tile)(size_t depth, const float *a, const float *b, float *c, size_t stride, int load);
    /// Exact values of `count` columns from `first` (a multiple of 32) on of a weight group: [count][16].
    void (*_Nonnull decode)(const ck_matrix *w, size_t group, size_t first, size_t count, float *values);
    /// dx += gradient of rms_norm's x; dweight += that of its weight (where given).
    void (*_Nonnull rms_norm_backward)(const float *x, const float *weight, float epsilon, size_t n, const float *dy,
                                       float *dx, float *_Nullable dweight);
    /// gate and up become their gradients for y = silu(gate) * up with gradient dy.
    void (*_Nonnull swiglu_backward)(float *gate, float *up, const float *dy, size_t n);
    /// y = e^(x * scale - shift); returns the sum. y may be x.
    float (*_Nonnull exponentials)(const float *x, float scale, float shift, size_t n, float *y);
    /// max of x * scale
    float (*_Nonnull maximum)(const float *x, float scale, size_t n);
    /// dp = p * (dp - mean) * scale
    void (*_Nonnull softmax_backward)(const float *p, float *dp, float mean, float scale, size_t n);
    /// y += a * x
    void (*_Nonnull add_scaled)(float a, const float *x, size_t n, float *y);
    /// y = a * x; y may be x
    void (*_Nonnull scale)(float a, const float *x, size_t n, float *y);
    /// y = x * z, or y += x * z
    void (*_Nonnull multiply)(const float *x, const float *z, size_t n, float *y, int accumulate);
    void (*_Nonnull adamw)(const ck_adamw *step, float *w, const float *g, float *m, float *v, size_t n);
} ck_training_set;

/// Natural logarithm.
double ck_log(double x);

/// The training kernels of a set.
const ck_training_set *ck_training(const ck_set *set);

#pragma clang assume_nonnull end
#endif
