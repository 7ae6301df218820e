// Gradients of a convolution's parameters: for each column, or summed over the images.
//
// G[k, l, i, o] = sum over h, w of x[h * down + k - above, w * across + l - left, i] * dy[h, w, o], and for the bias the sum
// of dy[h, w, o]. Layouts are as in conv2d.cu. Gradients are flat: bias (out) if there are biases, then kernel (height, width,
// in / groups, out). Distances within the kernel are multiplied by spread_down and spread_across.
//
// A block has 32 columns and several slices of the output's positions. A thread sums over its slice, in registers, for R of
// the rows (k, l, i) and four output channels of one group. The slices are then added in shared memory, always in the same order.

const int GRADIENT_COLUMNS = 32;
const int GRADIENT_SLICES = 8;
const int GRADIENT_TILE = 4;

struct Conv2dGradientShape {
    int height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left;
    int spread_down, spread_across, groups, biased;

    __device__ int group_inputs() const { return inputs / groups; }
    __device__ int group_outputs() const { return outputs / groups; }
    __device__ int biases() const { return biased ? outputs : 0; }
    // The rows (k, l, i) of the kernel.
    __device__ int rows() const { return kernel_height * kernel_width * group_inputs(); }
    __device__ int params() const { return biases() + rows() * outputs; }
    // Tiles of four channels, each within one group.
    __device__ int tiles_of_group() const { return (group_outputs() + GRADIENT_TILE - 1) / GRADIENT_TILE; }
    __device__ int tiles() const { return tiles_of_group() * groups; }
    __device__ int group_of(int tile) const { return tile / tiles_of_group(); }
    __device__ int first_channel(int tile) const {
        return group_of(tile) * group_outputs() + tile % tiles_of_group() * GRADIENT_TILE;
    }
};

#define GRADIENT_SHAPE                                                                                                     \
    int height, int width, int inputs, int out_height, int out_width, int outputs, int kernel_height, int kernel_width,    \
        int down, int across, int above, int left, int spread_down, int spread_across, int groups, int biased
#define GRADIENT_SHAPE_OF_ARGUMENTS                                                                                        \
    {height, width,  inputs, out_height, out_width,   outputs,       kernel_height, kernel_width,                          \
     down,   across, above,  left,       spread_down, spread_across, groups,        biased}

// The sums of a thread: R rows and the bias, for four output channels.
template <int R>
struct Conv2dGradient {
    int row[R], column[R], input[R];
    int channel[GRADIENT_TILE];
    float kernel[R][GRADIENT_TILE];
    float bias[GRADIENT_TILE];

    // From row `first` and the first channel of a tile on. Rows and channels past the last are repetitions of it and are not
    // stored.
    __device__ void start(const Conv2dGradientShape& s, int first, int tile) {
        const int rows = s.rows();
        const int inputs = s.group_inputs();
        const int group = s.group_of(tile);
        const int o = s.first_channel(tile);
        const int last = (group + 1) * s.group_outputs() - 1;
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const int flat = first + r < rows ? first + r : rows - 1;
            input[r] = group * inputs + flat % inputs;
            column[r] = flat / inputs % s.kernel_width * s.spread_across - s.left;
            row[r] = flat / inputs / s.kernel_width * s.spread_down - s.above;
        }
#pragma unroll
        for (int j = 0; j < GRADIENT_TILE; ++j) {
            channel[j] = o + j < last ? o + j : last;
            bias[j] = 0.0f;
#pragma unroll
            for (int r = 0; r < R; ++r) {
                kernel[r][j] = 0.0f;
            }
        }
    }

    // Adds output position (h, w) of one column; x and dy begin at that column's first number.
    __device__ void add(const Conv2dGradientShape& s, const float* __restrict__ x, int images,
                        const float* __restrict__ dy, int columns, int h, int w) {
        float cotangent[GRADIENT_TILE];
        const int place = (h * s.out_width + w) * s.outputs;
#pragma unroll
        for (int j = 0; j < GRADIENT_TILE; ++j) {
            cotangent[j] = dy[(place + channel[j]) * columns];
            bias[j] += cotangent[j];
        }
        const int top = h * s.down;
        const int side = w * s.across;
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const int y = top + row[r];
            const int z = side + column[r];
            const bool inside = y >= 0 && y < s.height && z >= 0 && z < s.width;
            const float value = inside ? x[((y * s.width + z) * s.inputs + input[r]) * images] : 0.0f;
#pragma unroll
            for (int j = 0; j < GRADIENT_TILE; ++j) {
                kernel[r][j] = fmaf(value, cotangent[j], kernel[r][j]);
            }
        }
    }
};

template <int R, int SLICES>
__device__ void conv2d_per_sample(const float* x, const float* dy, float* gradients, int images, int columns,
                                  const Conv2dGradientShape& s) {
    __shared__ float sums[(R + 1) * GRADIENT_TILE][SLICES][GRADIENT_COLUMNS];
    const int tile = blockIdx.x % s.tiles();
    const int o = s.first_channel(tile);
    const int end = (s.group_of(tile) + 1) * s.group_outputs();
    const int first = blockIdx.x / s.tiles() * R;
    const int lane = threadIdx.x;
    const int slice = threadIdx.y;
    const int column = blockIdx.y * GRADIENT_COLUMNS + lane;
    const int at = column < columns ? column : columns - 1;
    Conv2dGradient<R> sum;
    sum.start(s, first, tile);
    const int places = s.out_height * s.out_width;
#pragma unroll 2
    for (int place = slice; place < places; place += SLICES) {
        const int h = place / s.out_width;
        sum.add(s, x + at % images, images, dy + at, columns, h, place - h * s.out_width);
    }
#pragma unroll
    for (int j = 0; j < GRADIENT_TILE; ++j) {
        sums[R * GRADIENT_TILE + j][slice][lane] = sum.bias[j];
#pragma unroll
        for (int r = 0; r < R; ++r) {
            sums[r * GRADIENT_TILE + j][slice][lane] = sum.kernel[r][j];
        }
    }
    __syncthreads();
    const int rows = s.rows();
    for (int v = slice; v < (R + 1) * GRADIENT_TILE; v += SLICES) {
        float total = 0.0f;
#pragma unroll
        for (int from = 0; from < SLICES; ++from) {
            total += sums[v][from][lane];
        }
        const int r = v / GRADIENT_TILE;
        const int channel = o + v % GRADIENT_TILE;
        const bool is_bias = r == R;
        if (channel < end && column < columns && (is_bias ? first == 0 && s.biased : first + r < rows)) {
            const int parameter = is_bias ? channel : s.biases() + (first + r) * s.outputs + channel;
            gradients[parameter * columns + column] = total;
        }
    }
}

// Every column's own gradient, [parameter][column]. Grid: (tiles of rows * tiles of channels, blocks of 32 columns), block
// (32, 16) for R = 3, and (32, 8) for R = 9, for many rows.
extern "C" __global__ void conv2d_per_sample_gradients_3(const float* __restrict__ x, const float* __restrict__ dy,
                                                         float* __restrict__ gradients, int images, int columns,
                                                         GRADIENT_SHAPE) {
    const Conv2dGradientShape s = GRADIENT_SHAPE_OF_ARGUMENTS;
    conv2d_per_sample<3, 16>(x, dy, gradients, images, columns, s);
}

extern "C" __global__ void conv2d_per_sample_gradients_9(const float* __restrict__ x, const float* __restrict__ dy,
                                                         float* __restrict__ gradients, int images, int columns,
                                                         GRADIENT_SHAPE) {
    const Conv2dGradientShape s = GRADIENT_SHAPE_OF_ARGUMENTS;
    conv2d_per_sample<9, 8>(x, dy, gradients, images, columns, s);
}

template <int R>
__device__ void conv2d_summed(const float* x, const float* dy, float* partial, int images,
                              const Conv2dGradientShape& s) {
    const int threads = GRADIENT_COLUMNS * GRADIENT_SLICES;
    const int lanes = 16;
    __shared__ float sums[(R + 1) * GRADIENT_TILE][threads];
    __shared__ float halves[(R + 1) * GRADIENT_TILE][lanes];
    const int tile = blockIdx.x % s.tiles();
    const int o = s.first_channel(tile);
    const int end = (s.group_of(tile) + 1) * s.group_outputs();
    const int first = blockIdx.x / s.tiles() * R;
    const int thread = threadIdx.y * GRADIENT_COLUMNS + threadIdx.x;
    const int places = s.out_height * s.out_width;
    Conv2dGradient<R> sum;
    sum.start(s, first, tile);
    for (int place = blockIdx.y * GRADIENT_SLICES + threadIdx.y; place < places; place += gridDim.y * GRADIENT_SLICES) {
        const int h = place / s.out_width;
        const int w = place - h * s.out_width;
        for (int image = threadIdx.x; image < images; image += GRADIENT_COLUMNS) {
            sum.add(s, x + image, images, dy + image, images, h, w);
        }
    }
#pragma unroll
    for (int j = 0; j < GRADIENT_TILE; ++j) {
        sums[R * GRADIENT_TILE + j][thread] = sum.bias[j];
#pragma unroll
        for (int r = 0; r < R; ++r) {
            sums[r * GRADIENT_TILE + j][thread] = sum.kernel[r][j];
        }
    }
    __syncthreads();
    const int lane = thread % lanes;
    for (int v = thread / lanes; v < (R + 1) * GRADIENT_TILE; v += threads / lanes) {
        float total = 0.0f;
#pragma unroll
        for (int from = 0; from < threads; from += lanes) {
            total += sums[v][from + lane];
        }
        halves[v][lane] = total;
    }
    __syncthreads();
    const int rows = s.rows();
    if (thread < (R + 1) * GRADIENT_TILE) {
        float total = 0.0f;
#pragma unroll
        for (int from = 0; from < lanes; ++from) {
            total += halves[thread][from];
        }
        const int r = thread / GRADIENT_TILE;
        const int channel = o + thread % GRADIENT_TILE;
        const bool is_bias = r == R;
        if (channel < end && (is_bias ? first == 0 && s.biased : first + r < rows)) {
            const int parameter = is_bias ? channel : s.biases() + (first + r) * s.outputs + channel;
            partial[blockIdx.y * s.params() + parameter] = total;
        }
    }
}

// The gradient summed over all images and a part of the output's positions, [part][parameter]; conv2d_sum_of_parts adds the
// parts. Grid: (tiles of rows * tiles of channels, parts), block (32, 8).
extern "C" __global__ void conv2d_vjp_params_3(const float* __restrict__ x, const float* __restrict__ dy,
                                               float* __restrict__ partial, int images, GRADIENT_SHAPE) {
    const Conv2dGradientShape s = GRADIENT_SHAPE_OF_ARGUMENTS;
    conv2d_summed<3>(x, dy, partial, images, s);
}

extern "C" __global__ void conv2d_vjp_params_9(const float* __restrict__ x, const float* __restrict__ dy,
                                               float* __restrict__ partial, int images, GRADIENT_SHAPE) {
    const Conv2dGradientShape s = GRADIENT_SHAPE_OF_ARGUMENTS;
    conv2d_summed<9>(x, dy, partial, images, s);
}

// gradient[p] = sum over parts of partial[part][p]. Grid: blocks of 32 parameters, block (32, 8).
extern "C" __global__ void conv2d_sum_of_parts(const float* __restrict__ partial, float* __restrict__ gradient, int parts,
                                               int params) {
    __shared__ float sums[GRADIENT_SLICES][GRADIENT_COLUMNS];
    const int parameter = blockIdx.x * GRADIENT_COLUMNS + threadIdx.x;
    float total = 0.0f;
    if (parameter < params) {
#pragma unroll 4
        for (int part = threadIdx.y; part < parts; part += GRADIENT_SLICES) {
            total += partial[part * params + parameter];
        }
    }
    sums[threadIdx.y][threadIdx.x] = total;
    __syncthreads();
    if (threadIdx.y == 0 && parameter < params) {
        total = 0.0f;
#pragma unroll
        for (int slice = 0; slice < GRADIENT_SLICES; ++slice) {
            total += sums[slice][threadIdx.x];
        }
        gradient[parameter] = total;
    }
}
