// A function of every number, with two derivatives. Layout: [feature][column]. All are computed from the input, so that a tail
// keeps its relative precision. The functions and their parameters a and b:
//
// 0 leaky ReLU (slope a), 1 ELU (alpha a), 2 GELU, 3 GELU by tanh, 4 SiLU, 5 tanh, 6 sigmoid, 7 softplus, 8 clip to [a, b],
// 9 square root, 10 reciprocal.

const float POINTWISE_ROOT_HALF = 0.70710678118654752f;
const float POINTWISE_GELU_LIMIT = 40.0f;
const float POINTWISE_SILU_LIMIT = 800.0f;

// x, or `limit` if it lies below; and x, or the nearer of -limit and limit. A NaN stays a NaN.
__device__ float pointwise_at_least(float x, float limit) { return x < limit ? limit : x; }
__device__ float pointwise_within(float x, float limit) {
    return pointwise_at_least(x > limit ? limit : x, -limit);
}

// 1 / (1 + exp(-x)) and 1 / (1 + exp(x)), both to full relative precision.
struct PointwiseLogistic {
    float above, below;

    __device__ explicit PointwiseLogistic(float x) {
        const float tail = expf(-fabsf(x));
        const float small = tail / (1.0f + tail);
        const float large = 1.0f / (1.0f + tail);
        above = x < 0.0f ? small : large;
        below = x < 0.0f ? large : small;
    }
};

// The normal density and distribution function.
struct PointwiseNormal {
    float density, below;

    __device__ explicit PointwiseNormal(float x)
        : density(0.39894228040143268f * expf(-0.5f * x * x)), below(0.5f * erfcf(-x * POINTWISE_ROOT_HALF)) {}
};

// The v of GELU by tanh, x / (1 + exp(-v)), with its first two derivatives.
struct PointwiseArgument {
    float v, first, second;

    __device__ explicit PointwiseArgument(float x) {
        const float factor = 1.5957691216057308f;
        const float cubic = 0.044715f;
        v = factor * x * (1.0f + cubic * x * x);
        first = factor * (1.0f + 3.0f * cubic * x * x);
        second = factor * 6.0f * cubic * x;
    }
};

__device__ float pointwise_value(int function, float x, float a, float b) {
    switch (function) {
        case 0: return x > 0.0f ? x : (a == 0.0f && x < 0.0f ? 0.0f : a * x);
        case 1: return x > 0.0f ? x : a * expm1f(x);
        case 2: return pointwise_at_least(x, -POINTWISE_GELU_LIMIT) *
                       PointwiseNormal(pointwise_within(x, POINTWISE_GELU_LIMIT)).below;
        case 3: return pointwise_at_least(x, -POINTWISE_GELU_LIMIT) *
                       PointwiseLogistic(PointwiseArgument(pointwise_within(x, POINTWISE_GELU_LIMIT)).v).above;
        case 4: {
            const float inside = pointwise_at_least(x, -POINTWISE_SILU_LIMIT);
            return inside * PointwiseLogistic(inside).above;
        }
        case 5: return tanhf(x);
        case 6: return PointwiseLogistic(x).above;
        case 7: return (x > 0.0f ? x : 0.0f) + log1pf(expf(-fabsf(x)));
        case 8: return pointwise_at_least(x > b ? b : x, a);
        case 9: return sqrtf(x);
        default: return 1.0f / x;
    }
}

__device__ float pointwise_slope_of(int function, float x, float a, float b) {
    switch (function) {
        case 0: return x > 0.0f ? 1.0f : a;
        case 1: return x > 0.0f ? 1.0f : a * expf(x);
        case 2: {
            const float inside = pointwise_within(x, POINTWISE_GELU_LIMIT);
            const PointwiseNormal normal(inside);
            return fmaf(inside, normal.density, normal.below);
        }
        case 3: {
            const float inside = pointwise_within(x, POINTWISE_GELU_LIMIT);
            const PointwiseArgument of(inside);
            const PointwiseLogistic logistic(of.v);
            return fmaf(inside * logistic.above * logistic.below, of.first, logistic.above);
        }
        case 4: {
            const float inside = pointwise_within(x, POINTWISE_SILU_LIMIT);
            const PointwiseLogistic logistic(inside);
            return fmaf(inside * logistic.above, logistic.below, logistic.above);
        }
        case 5: {
            const PointwiseLogistic logistic(x + x);
            return 4.0f * logistic.above * logistic.below;
        }
        case 6: {
            const PointwiseLogistic logistic(x);
            return logistic.above * logistic.below;
        }
        case 7: return PointwiseLogistic(x).above;
        case 8: return x <= a || x > b ? 0.0f : 1.0f;
        case 9: return 0.5f / sqrtf(x);
        default: return -(1.0f / x) / x;
    }
}

__device__ float pointwise_curvature_of(int function, float x, float a) {
    switch (function) {
        case 1: return x > 0.0f ? 0.0f : a * expf(x);
        case 2: {
            const float inside = pointwise_within(x, POINTWISE_GELU_LIMIT);
            return PointwiseNormal(inside).density * (2.0f - inside * inside);
        }
        case 3: {
            const float inside = pointwise_within(x, POINTWISE_GELU_LIMIT);
            const PointwiseArgument of(inside);
            const PointwiseLogistic logistic(of.v);
            const float bend = fmaf((logistic.below - logistic.above) * of.first, of.first, of.second);
            return logistic.above * logistic.below * fmaf(inside, bend, of.first + of.first);
        }
        case 4: {
            const float inside = pointwise_within(x, POINTWISE_SILU_LIMIT);
            const PointwiseLogistic logistic(inside);
            return logistic.above * logistic.below * fmaf(inside, logistic.below - logistic.above, 2.0f);
        }
        case 5: return -2.0f * tanhf(x) * pointwise_slope_of(5, x, a, a);
        case 6: {
            const PointwiseLogistic logistic(x);
            return logistic.above * logistic.below * tanhf(-0.5f * x);
        }
        case 7: return pointwise_slope_of(6, x, a, a);
        case 9: return -0.25f / sqrtf(x) / x;
        case 10: return 2.0f / x / x / x;
        default: return 0.0f;
    }
}

// y = f(x). One thread per number.
extern "C" __global__ void pointwise_forward(const float* __restrict__ x, float* __restrict__ y, int length, int function,
                                             float a, float b) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] = pointwise_value(function, x[at], a, b);
    }
}

// to = f'(x) d, for tangents and cotangents; stored, or added with `add`. Grid: (features, blocks of columns).
extern "C" __global__ void pointwise_slope(const float* __restrict__ x, const float* __restrict__ d,
                                           float* __restrict__ to, int images, int columns, int add, int function, float a,
                                           float b) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int at = feature * columns + column;
        const float value = pointwise_slope_of(function, x[feature * images + column % images], a, b) * d[at];
        to[at] = add ? to[at] + value : value;
    }
}

// to += f''(x) along d: the change of the vjp of a fixed cotangent d. One thread per number.
extern "C" __global__ void pointwise_curvature(const float* __restrict__ x, const float* __restrict__ along,
                                               const float* __restrict__ d, float* __restrict__ to, int length,
                                               int function, float a) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        to[at] = fmaf(pointwise_curvature_of(function, x[at], a) * along[at], d[at], to[at]);
    }
}
