// SIMD compute for Pallet: weight products, norms, attention, and the worker pool.
//
// Letters: R = 16 rows of a weight group (one vector lane each), K = columns of a weight matrix = width of its input,
// M = activation rows. All float buffers are row-major. Nothing here reads a file or allocates behind the caller's
// back except ck_allocate and the worker pool.
//
// Promise: every output element is computed by one accumulator that runs over K in index order with the same
// operations in every instruction set, so results are equal bit for bit at any M, thread count and set.
#ifndef CKERNELS_H
#define CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// ---- Weight forms ---------------------------------------------------------------------------------------------

/// How a weight matrix is stored: the element types of GGUF that products accept.
enum {
    CK_F32 = 0, CK_F16, CK_BF16, CK_Q4_0, CK_Q4_1, CK_Q5_0, CK_Q5_1, CK_Q8_0, CK_Q4_K, CK_Q5_K, CK_Q6_K,
    CK_Q2_K, CK_Q3_K, CK_IQ4_NL, CK_IQ4_XS, CK_FORMS
};
/// Rows of a weight group: the lanes of one vector of 16 floats.
enum { CK_ROWS = 16 };
/// Activation rows that are laid out together (see ck_block).
enum { CK_TILE = 16 };
/// Most floats of a value head (rounded up to 16) that attention accepts.
enum { CK_VALUES = 512 };
/// Positions of a page of keys and values, and of a span of attention.
enum { CK_SPAN = 256 };

/// A weight matrix packed in groups of 16 rows, each 64-byte aligned, on end; see packing.h for their layout.
typedef struct ck_matrix {
    uint32_t form;
    size_t rows, columns;
    size_t units;        ///< blocks along K: of 1 weight (float forms), 32 or 256
    size_t groups;       ///< ceil(rows / 16)
    size_t group_bytes;  ///< bytes of one group, a multiple of 64
    uint8_t *_Nullable data;
} ck_matrix;

/// Fills everything but `data`. Returns 0, or -1 when the form is unknown, the width is no multiple of the block, or
/// a size overflows.
int ck_matrix_shape(ck_matrix *w, uint32_t form, size_t rows, size_t columns);
/// Bytes of one row in file order; 0 for an unknown form.
size_t ck_row_bytes(uint32_t form, size_t columns);
/// Packs `count` rows (file bytes, back to back) as rows first, first + 1, … of w. Any bytes are accepted.
void ck_pack_rows(const ck_matrix *w, size_t first, size_t count, const uint8_t *source);
/// The same from f32 values [count, columns] into a matrix of form CK_F32.
void ck_pack_values(const ck_matrix *w, size_t first, size_t count, const float *values);
/// The exact values of one row: [columns].
void ck_decode_row(const ck_matrix *w, size_t row, float *values);

/// Exact values of `count` weights in file order. Returns -1 if the form is unknown or count is no multiple of it.
int ck_dequantise(uint32_t form, const uint8_t *source, size_t count, float *values);
/// Whether ck_encode writes a form: all but Q2_K, Q3_K, IQ4_NL and IQ4_XS.
int ck_encodable(uint32_t form);
/// The first of `count` values whose magnitude is not at most `limit` (not-a-number included); `count` when there is none.
size_t ck_first_beyond(const float *values, size_t count, float limit);
/// Exact sums in double precision, in index order: sums[0] += sum of (x - y)^2, sums[1] += sum of x^2.
void ck_squared_errors(const float *x, const float *y, size_t count, double *sums);

// ---- Activations ----------------------------------------------------------------------------------------------

/// 32 activations as int8. Rows are laid out in tiles of 16: block b of row i of a tile with n rows is record
/// b * n + i of the tile; tile t starts at record t * 16 * blocks.
typedef struct ck_block {
    int8_t code[32];     ///< round(x / scale), -127 ... 127
    float scale;         ///< max |x| / 127; NaN when an x is not finite
    float scaled_sum;    ///< scale * sum of codes: what a type with a minimum multiplies
    int32_t zero_sum;    ///< -8 * sum of codes: what the zero point of 4-bit codes adds; shifted for other types
    int16_t half_sum[2]; ///< sums of codes 0 ... 15 and 16 ... 31
} ck_block;

/// The input of a product: M rows, quantised together (blocks), and as floats [rows, columns].
typedef struct ck_input {
    const ck_block *_Nullable blocks;
    const float *values;
    size_t rows, columns;
} ck_input;

/// Where a product goes: [M, stride], y = (accumulate ? y : 0) + product + bias.
typedef struct ck_output {
    float *values;
    size_t stride;
    const float *_Nullable bias;
    int accumulate;
} ck_output;

// ---- Keys and values --------------------------------------------------------------------------------------------

/// How the keys and values of one head lie in a page of 256 positions: keys as [16 blocks][key_length][16 positions],
/// so that 16 scores are computed at once, values as [256][value_stride]. Elements are f32, f16, or int8 codes (q8_0)
/// with a scale, a half, for each 32 of them within a row (keys are turned before, see cache.h): keys' scales as
/// [16 blocks][ceil(key_length / 32)][16], values' as [256][ceil(value_length / 32)]. Offsets are bytes
/// from the head's first key, multiples of 64.
typedef struct ck_cache_layout {
    uint32_t element;                         ///< CK_F32, CK_F16 or CK_Q8_0
    size_t key_length, value_length;
    size_t value_stride;                      ///< value_length rounded up to 16
    size_t key_scales, values, value_scales;
    size_t head_bytes;                        ///< of one head in a page
} ck_cache_layout;

/// Fills the layout. Returns 0, or -1 for another element or a length of 0 or above CK_VALUES.
int ck_cache_shape(ck_cache_layout *layout, uint32_t element, size_t key_length, size_t value_length);

/// Queries of one group of heads that share keys and values, over one sequence: `rows` consecutive positions.
/// Positions are cut into spans of 256 from 0 on, or with `end` from `begin` rounded down to a multiple of 16.
typedef struct ck_attention {
    const float *query;              ///< [rows, query_stride], heads side by side from the first of this group
    size_t query_stride, rows, heads;
    const ck_cache_layout *layout;
    uint8_t *_Nonnull const *_Nonnull pages;
    size_t head_offset;              ///< bytes from the start of a page to this layer's and head's part
    size_t first_position;           ///< of row 0; row i sees positions ... first_position + i
    size_t window;                   ///< 0, or how many positions a row sees, its own included
    size_t begin, end;               ///< end > 0: every row sees the positions begin ... < end, whatever its own
    float scale;
    float soft_cap;                  ///< 0, or c: scaled scores s become c * tanh(s / c)
    size_t first_span, end_span;     ///< the spans to compute: all that a row sees, or with `partials` some of them
    float *scratch;                  ///< ck_attention_scratch(...) floats
    float *_Nullable partials;       ///< [spans, rows * heads, state_stride] for merge_spans; NULL: into output
    size_t state_stride;             ///< ck_state_stride(...)
    float *output;                   ///< [rows, output_stride]
    size_t output_stride;
} ck_attention;

/// Floats that a query keeps of the spans it has seen: its largest score, the sum of its weights, its values.
size_t ck_state_stride(const ck_cache_layout *layout);
/// Floats of scratch for rows * heads queries.
size_t ck_attention_scratch(const ck_cache_layout *layout, size_t queries);

// ---- Instruction sets -----------------------------------------------------------------------------------------

/// y[i * groups * 16 + g * 16 + lane] for `groups` weight groups from `group` on and m <= 16 activation rows.
/// Quantised forms: x is ck_block, block b of row i at x[b * stride + i]. Float forms: x is float, row i at
/// x + i * stride.
typedef void (*ck_product)(const ck_matrix *w, size_t group, size_t groups, const void *x, size_t stride, size_t m,
                           float *y);

struct ck_training_set;
struct ck_limit_set;

/// The kernels of one instruction set. All sets give equal bits.
typedef struct ck_set {
    const char *name;
    const struct ck_training_set *training;   ///< see cktraining.h
    const struct ck_limit_set *limits;        ///< see cklimits.h
    ck_product _Nonnull product[CK_FORMS];
    /// y = x / sqrt(mean x^2 + epsilon) * weight, [n]; y may be x.
    void (*_Nonnull rms_norm)(const float *x, const float *weight, float epsilon, size_t n, float *y);
    /// y = (x - mean x) / sqrt(variance x + epsilon) * weight + bias, [n]; y may be x.
    void (*_Nonnull layer_norm)(const float *x, const float *weight, const float *bias, float epsilon, size_t n,
                                float *y);
    /// y = x / 2 * (1 + erf(x / sqrt 2)), [n]; y may be x.
    void (*_Nonnull gelu)(const float *x, size_t n, float *y);
    /// n floats to ceil(n / 32) blocks, block b at out[b * stride].
    void (*_Nonnull quantise)(const float *x, size_t n, ck_block *out, size_t stride);
    /// y = silu(gate) * up, [n]
    void (*_Nonnull swiglu)(const float *gate, const float *up, size_t n, float *y);
    /// y = x / 2 * (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) * up with x = gate, [n]
    void (*_Nonnull geglu)(const float *gate, const float *up, size_t n, float *y);
    /// x = cap * tanh(scale * x / cap) in place, [n]; cap > 0.
    void (*_Nonnull soft_cap)(float *x, size_t n, float scale, float cap);
    /// y += x, [n]
    void (*_Nonnull add)(const float *x, size_t n, float *y);
    /// Softmax of n values in place, shifted by their maximum.
    void (*_Nonnull softmax)(float *x, size_t n);
    /// Sum of x * y over n: 16 partial sums by index mod 16, then one tree.
    float (*_Nonnull dot)(const float *x, const float *y, size_t n);
    /// Rotates `heads` heads of `length` floats by the angles given as cosines and sines [pairs]; adjacent: pairs are
    /// (2i, 2i+1), else (i, i + pairs). Values from 2 * pairs on are left alone.
    void (*_Nonnull rope)(float *x, size_t heads, size_t length, const float *cosines, const float *sines,
                          size_t pairs, int adjacent);
    /// Stores keys [rows, key_row] and values [rows, value_row] of one head from position `slot` of its page on; they
    /// lie in one block of 16. `head` is the head's part of the page.
    void (*_Nonnull store)(const ck_cache_layout *layout, uint8_t *head, size_t slot, const float *keys,
                           size_t key_row, const float *values, size_t value_row, size_t rows);
    /// Output of all spans, or the partials of some.
    void (*_Nonnull attend)(const ck_attention *a);
    /// Output from the partials of all spans.
    void (*_Nonnull merge_spans)(const ck_attention *a);
} ck_set;

/// The set that PALLET_ISA names if this machine has it, else the best one. Chosen once.
const ck_set *ck_current_set(void);
/// The sets of this machine, scalar first; NULL from `ck_set_count()` on.
const ck_set *_Nullable ck_set_at(size_t index);
size_t ck_set_count(void);
const char *ck_isa_name(void);

/// Encodes values in file order; -1 for forms that are not encodable or a ragged count. All sets give the same bytes.
int ck_encode(const ck_set *set, uint32_t form, const float *values, size_t count, uint8_t *bytes);

/// Rows first_row ... of the input times groups first ... < end of w (see ck_output).
void ck_project(const ck_set *set, const ck_matrix *w, size_t first_group, size_t end_group, const ck_input *input,
                size_t first_row, size_t row_count, const ck_output *output);

typedef struct ck_pool ck_pool;

/// One of several products of the same activations.
typedef struct ck_projection {
    ck_matrix weights;
    ck_input input;
    ck_output output;    ///< its first row is the first row of the first range
    size_t span;         ///< groups of a chunk
} ck_projection;

/// Consecutive rows of an input.
typedef struct ck_rows {
    size_t first, count;
} ck_rows;

/// What one worker does of products that all workers of a region compute together: chunk after chunk, until none is
/// left to claim. No barrier.
void ck_project_together(const ck_set *set, ck_pool *pool, size_t worker, const ck_projection *projections, size_t count,
                         const ck_rows *rows, size_t row_ranges);

/// Cosine and sine of an angle in radians, |angle| < 2^30, by our own polynomials: equal on every machine.
void ck_cos_sin(double angle, double *cosine, double *sine);
/// e^x by the polynomial that the kernels use.
float ck_exp(float x);

// ---- Memory ---------------------------------------------------------------------------------------------------

/// 64-byte aligned memory, zeroed; large ones on huge pages where the system gives them. NULL when there is none.
void *_Nullable ck_allocate(size_t bytes);
void ck_free(void *_Nullable memory, size_t bytes);

// ---- Workers --------------------------------------------------------------------------------------------------

typedef void (*ck_body)(void *context, size_t worker);

/// Starts `threads - 1` threads (the caller of ck_pool_run is worker 0). NULL when a thread cannot be started.
ck_pool *_Nullable ck_pool_create(size_t threads);
/// Ends and joins the threads. No region may be running.
void ck_pool_destroy(ck_pool *pool);
/// Runs the body on all workers and returns when all have ended. One region at a time; others wait.
void ck_pool_run(ck_pool *pool, ck_body body, void *context);
/// Waits until all workers of the region are here; makes the claims of chunks ready again.
void ck_pool_barrier(ck_pool *pool, size_t worker);
/// A chunk of 0 ... < chunks that nobody has claimed in this phase, or `chunks` when there is none. All workers ask with
/// the same number. Each gets the chunks of its own equal part in order, then those that are left of the others' parts.
size_t ck_pool_claim(ck_pool *pool, size_t worker, size_t chunks);
/// Scratch memory of one worker, kept between calls, contents undefined; NULL when there is none.
float *_Nullable ck_pool_scratch(ck_pool *pool, size_t worker, size_t floats);
/// Scratch memory of all workers together: between two barriers everyone asks for the same size and gets the same.
float *_Nullable ck_pool_shared_scratch(ck_pool *pool, size_t floats);

#pragma clang assume_nonnull end
#endif
