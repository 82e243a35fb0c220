// Cosine and sine in double precision by our own polynomials, so that rotary tables are equal on every machine.
#include "ckernels.h"

#pragma STDC FP_CONTRACT OFF

/// Taylor series on |r| <= pi / 4: the first omitted terms are below 2^-60.
static double sine_of(double r) {
    double z = r * r, p = 1.0 / 355687428096000.0;
    p = p * z - 1.0 / 1307674368000.0;
    p = p * z + 1.0 / 6227020800.0;
    p = p * z - 1.0 / 39916800.0;
    p = p * z + 1.0 / 362880.0;
    p = p * z - 1.0 / 5040.0;
    p = p * z + 1.0 / 120.0;
    p = p * z - 1.0 / 6.0;
    return r + r * z * p;
}

static double cosine_of(double r) {
    double z = r * r, p = 1.0 / 20922789888000.0;
    p = p * z - 1.0 / 87178291200.0;
    p = p * z + 1.0 / 479001600.0;
    p = p * z - 1.0 / 3628800.0;
    p = p * z + 1.0 / 40320.0;
    p = p * z - 1.0 / 720.0;
    p = p * z + 1.0 / 24.0;
    p = p * z - 0.5;
    return 1.0 + z * p;
}

/// The angle less the nearest multiple of pi / 2, which is taken off in three parts of 33 bits (exact products up to
/// 2^20 quarter turns, and good to 1e-10 up to 2^30).
void ck_cos_sin(double angle, double *cosine, double *sine) {
    const double rounder = 6755399441055744.0;
    if (!(angle > -0x1p30 && angle < 0x1p30)) angle = 0;
    double n = (angle * 0.63661977236758134308 + rounder) - rounder;
    double r = angle - n * 1.57079632673412561417e+00;
    r = r - n * 6.07710050630396597660e-11;
    r = r - n * 2.02226624879595063154e-21;
    double s = sine_of(r), c = cosine_of(r);
    switch ((int64_t)n & 3) {
    case 0: *cosine = c, *sine = s; break;
    case 1: *cosine = -s, *sine = c; break;
    case 2: *cosine = -c, *sine = -s; break;
    default: *cosine = s, *sine = -c; break;
    }
}
