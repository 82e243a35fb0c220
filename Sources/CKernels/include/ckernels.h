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
    CK_F32 = 0, CK_F16, CK_BF16, CK_Q4_0, CK_Q4_1, CK_Q5_0, CK_Q5_1, CK_Q8_0, CK_Q4_K, CK_Q5_K, CK_Q6_K, CK_FORMS
};
/// Rows of a weight group: the lanes of one vector of 16 floats.
enum { CK_ROWS = 16 };
/// Activation rows that are laid out together (see ck_block).
enum { CK_TILE = 16 };
/// Most floats of a value head (rounded up to 16) that attention accepts.
enum { CK_VALUES = 512 };

/// A weight matrix packed in groups of 16 rows. Each group has two planes, both 64-byte aligned: heads (scales) and
/// codes; see packing.h for their layouts.
typedef struct ck_matrix {
    uint32_t form;
    size_t rows, columns;
    size_t units;        ///< blocks along K: of 1 weight (float forms), 32 or 256
    size_t groups;       ///< ceil(rows / 16)
    size_t head_plane;   ///< bytes of the head plane of one group
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
/// Encodes values in file order: f32, f16, bf16, q4_0, q4_1, q5_0, q5_1, q8_0; -1 for other forms or a ragged count.
int ck_encode(uint32_t form, const float *values, size_t count, uint8_t *bytes);

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

/// Queries of one group of heads that share keys and values, over one sequence: `rows` consecutive positions.
/// Pages hold 256 positions each; keys as [16 blocks][key_length][16 positions], values as [256][value_stride].
typedef struct ck_attention {
    const float *query;              ///< [rows, query_stride], heads side by side from the first of this group
    size_t query_stride, rows, heads;
    size_t key_length, value_length, value_stride;
    float *_Nonnull const *_Nonnull pages;
    size_t key_offset, value_offset; ///< floats from the start of a page to this layer's and head's part
    size_t first_position;           ///< of row 0; row i sees positions ... first_position + i
    size_t window;                   ///< 0, or how many positions a row sees, its own included
    size_t begin, end;               ///< end > 0: every row sees the positions begin ... < end, whatever its own
    float scale;
    float *scores;                   ///< scratch [rows * heads, score_stride]
    size_t score_stride;             ///< ck_score_stride(...)
    float *output;                   ///< [rows, output_stride]
    size_t output_stride;
} ck_attention;

/// Stores keys [rows, key_row] and values [rows, value_row] of one head at the positions from first_position on, which
/// lie in one block of 16; page_keys and page_values are the head's parts of their page (see ck_attention).
void ck_store_keys_values(const float *keys, size_t key_row, const float *values, size_t value_row, size_t rows,
                          size_t first_position, float *page_keys, size_t key_length, float *page_values,
                          size_t value_length, size_t value_stride);

/// Floats of scratch per query: the positions that any row sees, from a multiple of 16, rounded up to 16.
size_t ck_score_stride(size_t first_position, size_t rows, size_t window);

// ---- Instruction sets -----------------------------------------------------------------------------------------

/// y[i * groups * 16 + g * 16 + lane] for `groups` weight groups from `group` on and m <= 16 activation rows.
/// Quantised forms: x is ck_block, block b of row i at x[b * stride + i]. Float forms: x is float, row i at
/// x + i * stride.
typedef void (*ck_product)(const ck_matrix *w, size_t group, size_t groups, const void *x, size_t stride, size_t m,
                           float *y);

struct ck_training_set;

/// The kernels of one instruction set. All sets give equal bits.
typedef struct ck_set {
    const char *name;
    const struct ck_training_set *training;   ///< see cktraining.h
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
    void (*_Nonnull attend)(const ck_attention *a);
} ck_set;

/// The set that PALLET_ISA names if this machine has it, else the best one. Chosen once.
const ck_set *ck_current_set(void);
/// The sets of this machine, scalar first; NULL from `ck_set_count()` on.
const ck_set *_Nullable ck_set_at(size_t index);
size_t ck_set_count(void);
const char *ck_isa_name(void);

/// Rows first_row ... of the input times groups first ... < end of w (see ck_output).
void ck_project(const ck_set *set, const ck_matrix *w, size_t first_group, size_t end_group, const ck_input *input,
                size_t first_row, size_t row_count, const ck_output *output);

/// Cosine and sine of an angle in radians, |angle| < 2^30, by our own polynomials: equal on every machine.
void ck_cos_sin(double angle, double *cosine, double *sine);
/// e^x by the polynomial that the kernels use.
float ck_exp(float x);

// ---- Memory ---------------------------------------------------------------------------------------------------

/// 64-byte aligned memory, zeroed; large ones on huge pages where the system gives them. NULL when there is none.
void *_Nullable ck_allocate(size_t bytes);
void ck_free(void *_Nullable memory, size_t bytes);

// ---- Workers --------------------------------------------------------------------------------------------------

typedef struct ck_pool ck_pool;
typedef void (*ck_body)(void *context, size_t worker);

/// Starts `threads - 1` threads (the caller of ck_pool_run is worker 0). NULL when a thread cannot be started.
ck_pool *_Nullable ck_pool_create(size_t threads);
/// Ends and joins the threads. No region may be running.
void ck_pool_destroy(ck_pool *pool);
/// Runs the body on all workers and returns when all have ended. One region at a time; others wait.
void ck_pool_run(ck_pool *pool, ck_body body, void *context);
/// Waits until all workers of the region are here; makes the chunk counter ready again.
void ck_pool_barrier(ck_pool *pool);
/// The next chunk number of this phase: 0, 1, 2, …, each given once.
size_t ck_pool_claim(ck_pool *pool);
/// Scratch memory of one worker, kept between calls, contents undefined; NULL when there is none.
float *_Nullable ck_pool_scratch(ck_pool *pool, size_t worker, size_t floats);

#pragma clang assume_nonnull end
#endif
