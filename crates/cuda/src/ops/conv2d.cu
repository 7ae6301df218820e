// Two-dimensional convolution (cross-correlation) over columns: forward, its derivatives, and the gradients of its parameters.
//
// Layouts: feature maps [(h, w, channel)][column]; a column is an image or a direction of an image (of image
// column % images). Parameters are flat: bias (out) if there are biases, then kernel (height, width, in / groups, out).
//
// A thread has one column (in the "wide" kernels four, blockDim.x apart) and four channels of one group, in registers. The
// threads of a warp then read neighbouring numbers of the feature map, and all the same weights. 3 x 3 kernels of stride 1 are unrolled,
// so that all nine loads are in flight at once.

struct Conv2dShape {
    int height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left;
    // The distance of the entries that neighbouring entries of the kernel multiply, the number of groups, and whether there
    // are biases.
    int spread_down, spread_across, groups, biased;

    __device__ int group_inputs() const { return inputs / groups; }
    __device__ int group_outputs() const { return outputs / groups; }
    __device__ int biases() const { return biased ? outputs : 0; }
};

#define CONV2D_SHAPE                                                                                                       \
    int height, int width, int inputs, int out_height, int out_width, int outputs, int kernel_height, int kernel_width,    \
        int down, int across, int above, int left, int spread_down, int spread_across, int groups, int biased
#define CONV2D_SHAPE_OF_ARGUMENTS                                                                                          \
    {height, width,  inputs, out_height, out_width,   outputs,       kernel_height, kernel_width,                          \
     down,   across, above,  left,       spread_down, spread_across, groups,        biased}

const int CONV2D_TILE = 4;

// A place of a feature map, and a tile of four channels of one group there.
struct Conv2dTile {
    int place, group, channel;

    // Tile number `at`, for `channels` channels in `groups` groups.
    __device__ Conv2dTile(int at, int channels, int groups) {
        const int of_group = channels / groups;
        const int tiles = (of_group + CONV2D_TILE - 1) / CONV2D_TILE;
        place = at / (tiles * groups);
        group = at / tiles % groups;
        channel = group * of_group + at % tiles * CONV2D_TILE;
    }
};

// sum[c][j] += the contribution of x (its columns `at[c]`) and the kernel to output (h, w, o + j), of one group. Channels and
// columns past the last one repeat it; they are computed and not stored.
template <int KH, int KW, int C>
__device__ void conv2d_correlate(const float* __restrict__ x, int columns, const int (&at)[C],
                                 const float* __restrict__ kernel, const Conv2dShape& s, int h, int w, int group, int o,
                                 float (&sum)[C][CONV2D_TILE]) {
    const int kernel_height = KH > 0 ? KH : s.kernel_height;
    const int kernel_width = KW > 0 ? KW : s.kernel_width;
    const int inputs = s.group_inputs();
    const int last = (group + 1) * s.group_outputs() - 1;
    int channel[CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        channel[j] = o + j < last ? o + j : last;
    }
#pragma unroll
    for (int k = 0; k < kernel_height; ++k) {
        const int row = h * s.down + k * s.spread_down - s.above;
#pragma unroll
        for (int l = 0; l < kernel_width; ++l) {
            const int column = w * s.across + l * s.spread_across - s.left;
            const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
            const int from = inside ? (row * s.width + column) * s.inputs + group * inputs : 0;
            const float* weights = kernel + (k * kernel_width + l) * inputs * s.outputs;
#pragma unroll 4
            for (int i = 0; i < inputs; ++i) {
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
                                     const float* __restrict__ kernel, const Conv2dShape& s, const Conv2dTile& tile,
                                     float (&sum)[C][CONV2D_TILE]) {
    const int h = tile.place / s.out_width;
    const int w = tile.place % s.out_width;
    if (s.kernel_height == 3 && s.kernel_width == 3) {
        conv2d_correlate<3, 3, C>(x, columns, at, kernel, s, h, w, tile.group, tile.channel, sum);
    } else if (s.kernel_height == 1 && s.kernel_width == 1) {
        conv2d_correlate<1, 1, C>(x, columns, at, kernel, s, h, w, tile.group, tile.channel, sum);
    } else {
        conv2d_correlate<0, 0, C>(x, columns, at, kernel, s, h, w, tile.group, tile.channel, sum);
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

// The channel one past the last of a tile: the end of its group or of the tile.
__device__ int conv2d_end(const Conv2dTile& tile, int of_group) {
    const int end = (tile.group + 1) * of_group;
    return tile.channel + CONV2D_TILE < end ? tile.channel + CONV2D_TILE : end;
}

template <int C>
__device__ void conv2d_forward_columns(const float* x, const float* params, float* y, int images, int relu,
                                       const Conv2dShape& s) {
    const Conv2dTile tile(blockIdx.x, s.outputs, s.groups);
    const int o = tile.channel;
    const int end = conv2d_end(tile, s.group_outputs());
    int at[C];
    conv2d_columns<C>(images, at);
    float sum[C][CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        const float bias = s.biased ? params[o + j < end ? o + j : end - 1] : 0.0f;
#pragma unroll
        for (int c = 0; c < C; ++c) {
            sum[c][j] = bias;
        }
    }
    conv2d_correlate_any<C>(x, images, at, params + s.biases(), s, tile, sum);
#pragma unroll
    for (int c = 0; c < C; ++c) {
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            if (o + j < end && conv2d_has_column<C>(images, c)) {
                // A NaN is not below zero, so it stays a NaN.
                const float value = relu && sum[c][j] <= 0.0f ? 0.0f : sum[c][j];
                y[(tile.place * s.outputs + o + j) * images + at[c]] = value;
            }
        }
    }
}

// y[h, w, o] = b[o] + sum over k, l, i of x[h * down + k * spread_down - above, w * across + l * spread_across - left, i] *
// W[k, l, i, o], over the inputs i of the group of o; with relu, max(y, 0). Grid: (output positions * tiles of channels, blocks of images).
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
    const Conv2dTile tile(blockIdx.x, s.outputs, s.groups);
    const int o = tile.channel;
    const int end = conv2d_end(tile, s.group_outputs());
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
            sum[0][j] = s.biased ? tangent[o + j < end ? o + j : end - 1] : 0.0f;
        }
        const int at[1] = {image};
        conv2d_correlate_any<1>(x, images, at, tangent + s.biases(), s, tile, sum);
    }
    if (has_dx) {
        const int at[1] = {column};
        conv2d_correlate_any<1>(dx, columns, at, params + s.biases(), s, tile, sum);
    }
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        if (o + j < end) {
            const int feature = tile.place * s.outputs + o + j;
            const bool on = !gated || y[feature * images + image] > 0.0f;
            dy[feature * columns + column] = on ? sum[0][j] : 0.0f;
        }
    }
}

// sum[c][j] += the contribution of the cotangents dy to input (h, w, i + j), over the outputs whose windows contain it.
template <int KH, int KW, bool STRIDED, int C>
__device__ void conv2d_transposed(const float* __restrict__ dy, int columns, const int (&at)[C],
                                  const float* __restrict__ kernel, const Conv2dShape& s, const Conv2dTile& tile,
                                  float (&sum)[C][CONV2D_TILE]) {
    const int kernel_height = KH > 0 ? KH : s.kernel_height;
    const int kernel_width = KW > 0 ? KW : s.kernel_width;
    const int h = tile.place / s.width;
    const int w = tile.place % s.width;
    const int inputs = s.group_inputs();
    const int outputs = s.group_outputs();
    // The first output of the group, and the tile's channels within the group.
    const int first = tile.group * outputs;
    const int i = tile.channel - tile.group * inputs;
    int channel[CONV2D_TILE];
#pragma unroll
    for (int j = 0; j < CONV2D_TILE; ++j) {
        channel[j] = (i + j < inputs ? i + j : inputs - 1) * s.outputs + first;
    }
#pragma unroll
    for (int k = 0; k < kernel_height; ++k) {
        const int below = h + s.above - k * s.spread_down;
        const int row = STRIDED ? below / s.down : below;
        const bool row_inside = below >= 0 && row < s.out_height && (!STRIDED || row * s.down == below);
#pragma unroll
        for (int l = 0; l < kernel_width; ++l) {
            const int beside = w + s.left - l * s.spread_across;
            const int column = STRIDED ? beside / s.across : beside;
            const bool inside =
                row_inside && beside >= 0 && column < s.out_width && (!STRIDED || column * s.across == beside);
            const int from = inside ? (row * s.out_width + column) * s.outputs + first : 0;
            const float* weights = kernel + (k * kernel_width + l) * inputs * s.outputs;
#pragma unroll 4
            for (int o = 0; o < outputs; ++o) {
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
    const Conv2dTile tile(blockIdx.x, s.inputs, s.groups);
    const int i = tile.channel;
    const int end = conv2d_end(tile, s.group_inputs());
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
    const float* kernel = params + s.biases();
    const bool neighbours = s.down == 1 && s.across == 1;
    if (neighbours && s.kernel_height == 3 && s.kernel_width == 3) {
        conv2d_transposed<3, 3, false, C>(dy, columns, at, kernel, s, tile, sum);
    } else if (neighbours && s.kernel_height == 1 && s.kernel_width == 1) {
        conv2d_transposed<1, 1, false, C>(dy, columns, at, kernel, s, tile, sum);
    } else {
        conv2d_transposed<0, 0, true, C>(dy, columns, at, kernel, s, tile, sum);
    }
#pragma unroll
    for (int c = 0; c < C; ++c) {
#pragma unroll
        for (int j = 0; j < CONV2D_TILE; ++j) {
            if (i + j < end && conv2d_has_column<C>(columns, c)) {
                const int feature = tile.place * s.inputs + i + j;
                const bool on = !gated || x[feature * images + at[c] % images] > 0.0f;
                const float value = on ? sum[c][j] : 0.0f;
                float* to = dx + feature * columns + at[c];
                *to = add ? *to + value : value;
            }
        }
    }
}

// dx[h, w, i] = sum over k, l, o of W[k, l, i, o] * dy[(h + above - k * spread_down) / down, (w + left - l * spread_across) /
// across, o], over the outputs o of the group of i, if these are integers within the output; multiplied by (x > 0) with `gated` (x a rectified value); stored, or added with `add`.
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
