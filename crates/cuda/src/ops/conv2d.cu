// Two-dimensional convolution (cross-correlation) over columns: forward, its derivatives, and the gradients of its parameters.
//
// Layouts: feature maps [(h, w, channel)][column]; a column is an image or a direction of an image (of image
// column % images). Parameters are flat: bias (out), then kernel (height, width, in, out).
//
// A thread has one column (in the "wide" kernels four, blockDim.x apart) and four channels, in registers. The threads of a
// warp then read neighbouring numbers of the feature map, and all the same weights. 3 x 3 kernels of stride 1 are unrolled,
// so that all nine loads are in flight at once.

struct Conv2dShape {
    int height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left;
};

#define CONV2D_SHAPE                                                                                                       \
    int height, int width, int inputs, int out_height, int out_width, int outputs, int kernel_height, int kernel_width,    \
        int down, int across, int above, int left
#define CONV2D_SHAPE_OF_ARGUMENTS                                                                                          \
    {height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left}

const int CONV2D_TILE = 4;

// sum[c][j] += the contribution of x (its columns `at[c]`) and the kernel to output (h, w, o + j). Channels and columns past
// the last one repeat it; they are computed and not stored.
template <int KH, int KW, int C>
__device__ void conv2d_correlate(const float* __restrict__ x, int columns, const int (&at)[C],
                                 const float* __restrict__ kernel, const Conv2dShape& s, int h, int w, int o,
                                 float (&sum)[C][CONV2D_TILE]) {
    const int kernel_height = KH > 0 ? KH : s.kernel_height;
    const int kernel_width = KW > 0 ? KW : s.kernel_width;
    int channel[CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        channel[j] = o + j < s.outputs ? o + j : s.outputs - 1;
    }
#pragma unroll
    for (int k = 0; k < kernel_height; ++k) {
        const int row = h * s.down + k - s.above;
#pragma unroll
        for (int l = 0; l < kernel_width; ++l) {
            const int column = w * s.across + l - s.left;
            const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
            const int from = inside ? (row * s.width + column) * s.inputs : 0;
            const float* weights = kernel + (k * kernel_width + l) * s.inputs * s.outputs;
#pragma unroll 4
            for (int i = 0; i < s.inputs; ++i) {
                float value[C];
#pragma unroll
                for (int c = 0; c < C; ++c) {
                    value[c] = inside ? x[(from + i) * columns + at[c]] : 0.0f;
                }
#pragma unroll
                for (int j = 0; j < CONV2D_TILE; ++j) {
                    const float weight = weights[i * s.outputs + channel[j]];
#pragma unroll
                    for (int c = 0; c < C; ++c) {
                        sum[c][j] = fmaf(value[c], weight, sum[c][j]);
                    }
                }
            }
        }
    }
}

template <int C>
__device__ void conv2d_correlate_any(const float* __restrict__ x, int columns, const int (&at)[C],
                                     const float* __restrict__ kernel, const Conv2dShape& s, int h, int w, int o,
                                     float (&sum)[C][CONV2D_TILE]) {
    if (s.kernel_height == 3 && s.kernel_width == 3) {
        conv2d_correlate<3, 3, C>(x, columns, at, kernel, s, h, w, o, sum);
    } else {
        conv2d_correlate<0, 0, C>(x, columns, at, kernel, s, h, w, o, sum);
    }
}

// This thread's columns; the last one is repeated if there are fewer.
template <int C>
__device__ void conv2d_columns(int columns, int (&at)[C]) {
#pragma unroll
    for (int c = 0; c < C; ++c) {
        const int column = (blockIdx.y * C + c) * blockDim.x + threadIdx.x;
        at[c] = column < columns ? column : columns - 1;
    }
}

template <int C>
__device__ bool conv2d_has_column(int columns, int c) {
    return static_cast<int>((blockIdx.y * C + c) * blockDim.x + threadIdx.x) < columns;
}

template <int C>
__device__ void conv2d_forward_columns(const float* x, const float* params, float* y, int images, int relu,
                                       const Conv2dShape& s) {
    const int tiles = (s.outputs + CONV2D_TILE - 1) / CONV2D_TILE;
    const int o = blockIdx.x % tiles * CONV2D_TILE;
    const int place = blockIdx.x / tiles;
    int at[C];
    conv2d_columns<C>(images, at);
    float sum[C][CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        const float bias = params[o + j < s.outputs ? o + j : s.outputs - 1];
#pragma unroll
        for (int c = 0; c < C; ++c) {
            sum[c][j] = bias;
        }
    }
    conv2d_correlate_any<C>(x, images, at, params + s.outputs, s, place / s.out_width, place % s.out_width, o, sum);
#pragma unroll
    for (int c = 0; c < C; ++c) {
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            if (o + j < s.outputs && conv2d_has_column<C>(images, c)) {
                // A NaN is not below zero, so it stays a NaN.
                const float value = relu && sum[c][j] <= 0.0f ? 0.0f : sum[c][j];
                y[(place * s.outputs + o + j) * images + at[c]] = value;
            }
        }
    }
}

// y[h, w, o] = b[o] + sum over k, l, i of x[h * down + k - above, w * across + l - left, i] * W[k, l, i, o]; with relu,
// max(y, 0). Grid: (output positions * tiles of channels, blocks of images).
extern "C" __global__ void conv2d_forward(const float* __restrict__ x, const float* __restrict__ params,
                                          float* __restrict__ y, int images, int relu, CONV2D_SHAPE) {
    const Conv2dShape s = CONV2D_SHAPE_OF_ARGUMENTS;
    conv2d_forward_columns<1>(x, params, y, images, relu, s);
}

extern "C" __global__ void conv2d_forward_wide(const float* __restrict__ x, const float* __restrict__ params,
                                               float* __restrict__ y, int images, int relu, CONV2D_SHAPE) {
    const Conv2dShape s = CONV2D_SHAPE_OF_ARGUMENTS;
    conv2d_forward_columns<4>(x, params, y, images, relu, s);
}

// Tangents: dy = conv(dx; W) + conv(x; dW) + db, multiplied by (y > 0) with `gated`. Direction k's parameter tangents begin at
// dparams + k * direction_stride. Absent tangents: has_dx, has_dparams zero, and any readable pointer.
// Grid: (output positions * tiles of channels, blocks of columns).
extern "C" __global__ void conv2d_jvp(const float* __restrict__ x, const float* __restrict__ dx,
                                      const float* __restrict__ params, const float* __restrict__ dparams,
                                      const float* __restrict__ y, float* __restrict__ dy, int images, int columns,
                                      int direction_stride, int has_dx, int has_dparams, int gated, CONV2D_SHAPE) {
    const Conv2dShape s = CONV2D_SHAPE_OF_ARGUMENTS;
    const int tiles = (s.outputs + CONV2D_TILE - 1) / CONV2D_TILE;
    const int o = blockIdx.x % tiles * CONV2D_TILE;
    const int place = blockIdx.x / tiles;
    const int h = place / s.out_width;
    const int w = place % s.out_width;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    float sum[1][CONV2D_TILE] = {{0.0f, 0.0f, 0.0f, 0.0f}};
    if (has_dparams) {
        const float* tangent = dparams + column / images * direction_stride;
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            sum[0][j] = tangent[o + j < s.outputs ? o + j : s.outputs - 1];
        }
        const int at[1] = {image};
        conv2d_correlate_any<1>(x, images, at, tangent + s.outputs, s, h, w, o, sum);
    }
    if (has_dx) {
        const int at[1] = {column};
        conv2d_correlate_any<1>(dx, columns, at, params + s.outputs, s, h, w, o, sum);
    }
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        if (o + j < s.outputs) {
            const int feature = place * s.outputs + o + j;
            const bool on = !gated || y[feature * images + image] > 0.0f;
            dy[feature * columns + column] = on ? sum[0][j] : 0.0f;
        }
    }
}

// sum[c][j] += the contribution of the cotangents dy to input (h, w, i + j), over the outputs whose windows contain it.
template <int KH, int KW, bool STRIDED, int C>
__device__ void conv2d_transposed(const float* __restrict__ dy, int columns, const int (&at)[C],
                                  const float* __restrict__ kernel, const Conv2dShape& s, int h, int w, int i,
                                  float (&sum)[C][CONV2D_TILE]) {
    const int kernel_height = KH > 0 ? KH : s.kernel_height;
    const int kernel_width = KW > 0 ? KW : s.kernel_width;
    int channel[CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        channel[j] = (i + j < s.inputs ? i + j : s.inputs - 1) * s.outputs;
    }
#pragma unroll
    for (int k = 0; k < kernel_height; ++k) {
        const int below = h + s.above - k;
        const int row = STRIDED ? below / s.down : below;
        const bool row_inside = below >= 0 && row < s.out_height && (!STRIDED || row * s.down == below);
#pragma unroll
        for (int l = 0; l < kernel_width; ++l) {
            const int beside = w + s.left - l;
            const int column = STRIDED ? beside / s.across : beside;
            const bool inside =
                row_inside && beside >= 0 && column < s.out_width && (!STRIDED || column * s.across == beside);
            const int from = inside ? (row * s.out_width + column) * s.outputs : 0;
            const float* weights = kernel + (k * kernel_width + l) * s.inputs * s.outputs;
#pragma unroll 4
            for (int o = 0; o < s.outputs; ++o) {
                float value[C];
#pragma unroll
                for (int c = 0; c < C; ++c) {
                    value[c] = inside ? dy[(from + o) * columns + at[c]] : 0.0f;
                }
#pragma unroll
                for (int j = 0; j < CONV2D_TILE; ++j) {
                    const float weight = weights[channel[j] + o];
#pragma unroll
                    for (int c = 0; c < C; ++c) {
                        sum[c][j] = fmaf(value[c], weight, sum[c][j]);
                    }
                }
            }
        }
    }
}

template <int C>
__device__ void conv2d_vjp_input_columns(const float* params, const float* dy, const float* x, float* dx, int images,
                                         int columns, int gated, int add, const Conv2dShape& s) {
    const int tiles = (s.inputs + CONV2D_TILE - 1) / CONV2D_TILE;
    const int i = blockIdx.x % tiles * CONV2D_TILE;
    const int place = blockIdx.x / tiles;
    const int h = place / s.width;
    const int w = place % s.width;
    int at[C];
    conv2d_columns<C>(columns, at);
    float sum[C][CONV2D_TILE];
#pragma unroll
    for (int c = 0; c < C; ++c) {
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            sum[c][j] = 0.0f;
        }
    }
    const float* kernel = params + s.outputs;
    if (s.kernel_height == 3 && s.kernel_width == 3 && s.down == 1 && s.across == 1) {
        conv2d_transposed<3, 3, false, C>(dy, columns, at, kernel, s, h, w, i, sum);
    } else {
        conv2d_transposed<0, 0, true, C>(dy, columns, at, kernel, s, h, w, i, sum);
    }
#pragma unroll
    for (int c = 0; c < C; ++c) {
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            if (i + j < s.inputs && conv2d_has_column<C>(columns, c)) {
                const int feature = place * s.inputs + i + j;
                const bool on = !gated || x[feature * images + at[c] % images] > 0.0f;
                const float value = on ? sum[c][j] : 0.0f;
                float* to = dx + feature * columns + at[c];
                *to = add ? *to + value : value;
            }
        }
    }
}

// dx[h, w, i] = sum over k, l, o of W[k, l, i, o] * dy[(h + above - k) / down, (w + left - l) / across, o], if these are
// integers within the output; multiplied by (x > 0) with `gated` (x a rectified value); stored, or added with `add`.
// Grid: (input positions * tiles of input channels, blocks of columns).
extern "C" __global__ void conv2d_vjp_input(const float* __restrict__ params, const float* __restrict__ dy,
                                            const float* __restrict__ x, float* __restrict__ dx, int images, int columns,
                                            int gated, int add, CONV2D_SHAPE) {
    const Conv2dShape s = CONV2D_SHAPE_OF_ARGUMENTS;
    conv2d_vjp_input_columns<1>(params, dy, x, dx, images, columns, gated, add, s);
}

extern "C" __global__ void conv2d_vjp_input_wide(const float* __restrict__ params, const float* __restrict__ dy,
                                                 const float* __restrict__ x, float* __restrict__ dx, int images,
                                                 int columns, int gated, int add, CONV2D_SHAPE) {
    const Conv2dShape s = CONV2D_SHAPE_OF_ARGUMENTS;
    conv2d_vjp_input_columns<4>(params, dy, x, dx, images, columns, gated, add, s);
}
