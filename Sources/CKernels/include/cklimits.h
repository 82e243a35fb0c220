// What a machine can do at most, in each instruction set's own instructions: the figures that a measured speed is a
// share of.
#ifndef CKLIMITS_H
#define CKLIMITS_H

#include "ckernels.h"

#pragma clang assume_nonnull begin

/// Chains `rounds` long; what they return is how many operations that were, a product and its addition being two.
typedef struct ck_limit_set {
    /// Fused multiply-adds of f32 in registers.
    size_t (*_Nonnull float_chains)(size_t rounds, float *sink);
    /// Products of unsigned with signed bytes, summed, by the instructions that products with weights of 4 bits use.
    size_t (*_Nonnull byte_chains)(size_t rounds, int32_t *sink);
    /// Exclusive or of the bits of `count` values; reads from front to back, as decoding does.
    uint32_t (*_Nonnull read)(const float *values, size_t count);
} ck_limit_set;

const ck_limit_set *ck_limits(const ck_set *set);

#pragma clang assume_nonnull end
#endif
