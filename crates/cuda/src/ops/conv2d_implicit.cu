// Convolutions of many channels as products of matrices: forward, the cotangent of the input, and the gradient of the kernel. The
// patches are gathered as they are multiplied and are never stored.
//
// Layouts are as in conv2d.cu. A block of 16 x 16 threads computes a tile of the product, of which each thread has R x C entries in
// registers. The operands come in chunks of 16 terms through shared memory, and the next chunk is read while one is multiplied.
// Every sum has one fixed order.

const int IMPLICIT_CHUNK = 16;
const int IMPLICIT_SIDE = 16;
const int IMPLICIT_THREADS = IMPLICIT_SIDE * IMPLICIT_SIDE;

struct ImplicitShape {
    int height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left;
    int spread_down, spread_across, groups, biased;

    __device__ int group_inputs() const { return inputs / groups; }
    __device__ int group_outputs() const { return outputs / groups; }
    __device__ int biases() const { return biased ? outputs : 0; }
    __device__ int taps() const { return kernel_height * kernel_width; }
};

#define IMPLICIT_SHAPE                                                                                                     \
    int height, int width, int inputs, int out_height, int out_width, int outputs, int kernel_height, int kernel_width,    \
        int down, int across, int above, int left, int spread_down, int spread_across, int groups, int biased
#define IMPLICIT_SHAPE_OF_ARGUMENTS                                                                                        \
    {height, width,  inputs, out_height, out_width,   outputs,       kernel_height, kernel_width,                          \
     down,   across, above,  left,       spread_down, spread_across, groups,        biased}

// Four numbers that are read from shared memory at once.
struct alignas(16) ImplicitFour {
    float at[4];
};

// A chunk of one operand: 16 terms of 16 * N rows or columns of the tile. A line more keeps writes of one column apart.
template <int N>
struct ImplicitChunk {
    ImplicitFour fours[IMPLICIT_CHUNK][4 * N + 1];

    __device__ void put(int term, int place, float value) { fours[term][place / 4].at[place % 4] = value; }
};

// The row or column of the tile of a thread's entry `of`, for the thread's index along that side.
__device__ int implicit_place(int of, int thread) { return of / 4 * 4 * IMPLICIT_SIDE + 4 * thread + of % 4; }

template <int R, int C>
__device__ void implicit_multiply(const ImplicitChunk<R>& left, const ImplicitChunk<C>& right, float (&sum)[R][C]) {
#pragma unroll
    for (int term = 0; term < IMPLICIT_CHUNK; ++term) {
        float a[R];
        float b[C];
#pragma unroll
        for (int f = 0; f < R / 4; ++f) {
            const ImplicitFour four = left.fours[term][f * IMPLICIT_SIDE + threadIdx.y];
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                a[4 * f + j] = four.at[j];
            }
        }
#pragma unroll
        for (int f = 0; f < C / 4; ++f) {
            const ImplicitFour four = right.fours[term][f * IMPLICIT_SIDE + threadIdx.x];
#pragma unroll
            for (int j = 0; j < 4; ++j) {
                b[4 * f + j] = four.at[j];
            }
        }
#pragma unroll
        for (int r = 0; r < R; ++r) {
#pragma unroll
            for (int c = 0; c < C; ++c) {
                sum[r][c] = fmaf(a[r], b[c], sum[r][c]);
            }
        }
    }
}

// The place of the map that is read for entry (k, l) of the kernel at place (h, w) of the map that is written; -1 if there is none.
// Forward the input is read, backward the output's cotangent.
template <bool BACKWARD>
__device__ int implicit_source(const ImplicitShape& s, int h, int w, int k, int l) {
    int row;
    int column;
    bool inside;
    if (BACKWARD) {
        const int below = h + s.above - k * s.spread_down;
        const int beside = w + s.left - l * s.spread_across;
        row = s.down == 1 ? below : below / s.down;
        column = s.across == 1 ? beside : beside / s.across;
        inside = below >= 0 && beside >= 0 && row < s.out_height && column < s.out_width && row * s.down == below &&
                 column * s.across == beside;
    } else {
        row = h * s.down + k * s.spread_down - s.above;
        column = w * s.across + l * s.spread_across - s.left;
        inside = row >= 0 && column >= 0 && row < s.height && column < s.width;
    }
    return inside ? row * (BACKWARD ? s.out_width : s.width) + column : -1;
}

// to = the convolution of `from` with the kernel, or with BACKWARD its transpose, for a tile of channels of one group and of columns
// (place, column of the batch). Terms are (k, l, channel), the channels of each (k, l) in whole chunks.
template <bool BACKWARD, int R, int C>
__device__ void implicit_convolve(const float* __restrict__ from, const float* __restrict__ params,
                                  const float* __restrict__ gate, float* __restrict__ to, int images, int columns,
                                  int with_bias, int relu, int gated, int add, const ImplicitShape& s) {
    __shared__ ImplicitChunk<R> left;
    __shared__ ImplicitChunk<C> right;
    const int rows_of_tile = R * IMPLICIT_SIDE;
    const int columns_of_tile = C * IMPLICIT_SIDE;
    const int inputs = s.group_inputs();
    const int outputs = s.group_outputs();
    // Channels of a group that are summed, and that are written.
    const int summed = BACKWARD ? outputs : inputs;
    const int written = BACKWARD ? inputs : outputs;
    const int width = BACKWARD ? s.width : s.out_width;
    const int tiles = (written + rows_of_tile - 1) / rows_of_tile;
    const int group = static_cast<int>(blockIdx.y) / tiles;
    const int first = static_cast<int>(blockIdx.y) % tiles * rows_of_tile;
    const int all_columns = (BACKWARD ? s.height * s.width : s.out_height * s.out_width) * columns;
    const int thread = threadIdx.y * IMPLICIT_SIDE + threadIdx.x;
    const float* kernel = params + s.biases();

    // The one column that this thread reads, and its first term.
    const int line = thread % columns_of_tile;
    const int first_term = thread / columns_of_tile;
    const int column = static_cast<int>(blockIdx.x) * columns_of_tile + line;
    const bool has_column = column < all_columns;
    const int place = column / columns;
    const int h = place / width;
    const int w = place - h * width;
    const float* source = from + (column - place * columns);

    int k = 0;
    int l = 0;
    int channel = 0;
    int place_of_source = has_column ? implicit_source<BACKWARD>(s, h, w, 0, 0) : -1;
    float next_left[R];
    float next_right[C];
    float sum[R][C];
#pragma unroll
    for (int r = 0; r < R; ++r) {
#pragma unroll
        for (int c = 0; c < C; ++c) {
            sum[r][c] = 0.0f;
        }
    }
    const auto read = [&]() {
        const float* weights = kernel + (k * s.kernel_width + l) * inputs * s.outputs + group * outputs;
#pragma unroll
        for (int r = 0; r < R; ++r) {
            // Neighbouring threads read neighbouring outputs, which are rows forward and terms backward.
            const int term = BACKWARD ? thread % IMPLICIT_CHUNK : thread / rows_of_tile + r * (IMPLICIT_THREADS / rows_of_tile);
            const int row = BACKWARD ? thread / IMPLICIT_CHUNK + r * IMPLICIT_SIDE : thread % rows_of_tile;
            const bool within = channel + term < summed && first + row < written;
            const int input = BACKWARD ? first + row : channel + term;
            const int output = BACKWARD ? channel + term : first + row;
            next_left[r] = within ? weights[input * s.outputs + output] : 0.0f;
        }
#pragma unroll
        for (int c = 0; c < C; ++c) {
            const int term = channel + first_term + c * (IMPLICIT_THREADS / columns_of_tile);
            const int feature = place_of_source * (BACKWARD ? s.outputs : s.inputs) + group * summed + term;
            next_right[c] = place_of_source >= 0 && term < summed ? source[feature * columns] : 0.0f;
        }
    };
    read();
    const int chunks = s.taps() * ((summed + IMPLICIT_CHUNK - 1) / IMPLICIT_CHUNK);
    for (int chunk = 0; chunk < chunks; ++chunk) {
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const int term = BACKWARD ? thread % IMPLICIT_CHUNK : thread / rows_of_tile + r * (IMPLICIT_THREADS / rows_of_tile);
            const int row = BACKWARD ? thread / IMPLICIT_CHUNK + r * IMPLICIT_SIDE : thread % rows_of_tile;
            left.put(term, row, next_left[r]);
        }
#pragma unroll
        for (int c = 0; c < C; ++c) {
            right.put(first_term + c * (IMPLICIT_THREADS / columns_of_tile), line, next_right[c]);
        }
        __syncthreads();
        if (chunk + 1 < chunks) {
            channel += IMPLICIT_CHUNK;
            if (channel >= summed) {
                channel = 0;
                l += 1;
                if (l == s.kernel_width) {
                    l = 0;
                    k += 1;
                }
                place_of_source = has_column ? implicit_source<BACKWARD>(s, h, w, k, l) : -1;
            }
            read();
        }
        implicit_multiply<R, C>(left, right, sum);
        __syncthreads();
    }
    const int channels = BACKWARD ? s.inputs : s.outputs;
#pragma unroll
    for (int c = 0; c < C; ++c) {
        const int column = static_cast<int>(blockIdx.x) * columns_of_tile + implicit_place(c, threadIdx.x);
        if (column < all_columns) {
            const int place = column / columns;
            const int own = column - place * columns;
            const int image = own % images;
#pragma unroll
            for (int r = 0; r < R; ++r) {
                const int of_group = first + implicit_place(r, threadIdx.y);
                if (of_group < written) {
                    const int channel = group * written + of_group;
                    const int feature = place * channels + channel;
                    float* at = to + feature * columns + own;
                    float value = sum[r][c];
                    if (with_bias) {
                        value += params[channel];
                    }
                    // A sum is gated whole, and what is added to another cotangent by itself.
                    if (add && !BACKWARD) {
                        value += *at;
                    }
                    if (gated && !(gate[feature * images + image] > 0.0f)) {
                        value = 0.0f;
                    }
                    if (add && BACKWARD) {
                        value += *at;
                    }
                    *at = relu && value <= 0.0f ? 0.0f : value;
                }
            }
        }
    }
}

// y = conv(x) with the bias, if `with_bias`, added to y with `add`; multiplied by (gate > 0) with `gated`; with relu, max(y, 0), and a
// NaN stays a NaN. An absent gate is any readable pointer. Grid: (tiles of columns, groups * tiles of outputs), block (16, 16). The
// name says how large a tile is: channels, and columns.
#define IMPLICIT_FORWARD(NAME, R, C)                                                                                       \
    extern "C" __global__ void __launch_bounds__(IMPLICIT_THREADS)                                                         \
        NAME(const float* __restrict__ x, const float* __restrict__ params, const float* __restrict__ gate,                \
             float* __restrict__ y, int images, int columns, int with_bias, int relu, int gated, int add, IMPLICIT_SHAPE) {\
        const ImplicitShape s = IMPLICIT_SHAPE_OF_ARGUMENTS;                                                               \
        implicit_convolve<false, R, C>(x, params, gate, y, images, columns, with_bias, relu, gated, add, s);               \
    }

IMPLICIT_FORWARD(conv2d_implicit_forward_64_64, 4, 4)
IMPLICIT_FORWARD(conv2d_implicit_forward_64_128, 4, 8)
IMPLICIT_FORWARD(conv2d_implicit_forward_128_128, 8, 8)

// dx = the transpose of the convolution of dy, multiplied by (gate > 0) with `gated`; stored, or added with `add`. Grid: (tiles of
// columns, groups * tiles of inputs), block (16, 16).
#define IMPLICIT_BACKWARD(NAME, R, C)                                                                                      \
    extern "C" __global__ void __launch_bounds__(IMPLICIT_THREADS)                                                         \
        NAME(const float* __restrict__ dy, const float* __restrict__ params, const float* __restrict__ gate,               \
             float* __restrict__ dx, int images, int columns, int gated, int add, IMPLICIT_SHAPE) {                        \
        const ImplicitShape s = IMPLICIT_SHAPE_OF_ARGUMENTS;                                                               \
        implicit_convolve<true, R, C>(dy, params, gate, dx, images, columns, 0, 0, gated, add, s);                         \
    }

IMPLICIT_BACKWARD(conv2d_implicit_vjp_input_64_64, 4, 4)
IMPLICIT_BACKWARD(conv2d_implicit_vjp_input_64_128, 4, 8)
IMPLICIT_BACKWARD(conv2d_implicit_vjp_input_128_128, 8, 8)

// partial[part][k, l, i, o] = sum over a part of the columns (place, image) of x[source of (k, l)][i] * dy[place][o], for a tile of
// inputs and of outputs of one group and one (k, l).
template <int R, int C>
__device__ void implicit_gradient(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ partial,
                                  int images, int columns_of_part, const ImplicitShape& s) {
    __shared__ ImplicitChunk<R> left;
    __shared__ ImplicitChunk<C> right;
    const int rows_of_tile = R * IMPLICIT_SIDE;
    const int columns_of_tile = C * IMPLICIT_SIDE;
    const int inputs = s.group_inputs();
    const int outputs = s.group_outputs();
    const int tiles_down = (inputs + rows_of_tile - 1) / rows_of_tile;
    const int tiles_across = (outputs + columns_of_tile - 1) / columns_of_tile;
    int at = blockIdx.x;
    const int first_output = at % tiles_across * columns_of_tile;
    at /= tiles_across;
    const int first_input = at % tiles_down * rows_of_tile;
    at /= tiles_down;
    const int group = at % s.groups;
    const int tap = at / s.groups;
    const int k = tap / s.kernel_width;
    const int l = tap % s.kernel_width;
    const int thread = threadIdx.y * IMPLICIT_SIDE + threadIdx.x;
    const int term = thread % IMPLICIT_CHUNK;
    const int line = thread / IMPLICIT_CHUNK;
    const int all_columns = s.out_height * s.out_width * images;
    const int start = static_cast<int>(blockIdx.y) * columns_of_part;
    const int end = all_columns - start > columns_of_part ? start + columns_of_part : all_columns;

    // The column of this thread's term in the next chunk.
    int column = start + term;
    int place = column / images;
    int image = column - place * images;
    int h = place / s.out_width;
    int w = place - h * s.out_width;
    int source = implicit_source<false>(s, h, w, k, l);
    float next_left[R];
    float next_right[C];
    float sum[R][C];
#pragma unroll
    for (int r = 0; r < R; ++r) {
#pragma unroll
        for (int c = 0; c < C; ++c) {
            sum[r][c] = 0.0f;
        }
    }
    const auto read = [&]() {
        const bool within = column < end;
#pragma unroll
        for (int r = 0; r < R; ++r) {
            const int input = first_input + line + r * IMPLICIT_SIDE;
            const int feature = source * s.inputs + group * inputs + input;
            next_left[r] = within && source >= 0 && input < inputs ? x[feature * images + image] : 0.0f;
        }
#pragma unroll
        for (int c = 0; c < C; ++c) {
            const int output = first_output + line + c * IMPLICIT_SIDE;
            const int feature = place * s.outputs + group * outputs + output;
            next_right[c] = within && output < outputs ? dy[feature * images + image] : 0.0f;
        }
    };
    read();
    for (int chunk = start; chunk < end; chunk += IMPLICIT_CHUNK) {
#pragma unroll
        for (int r = 0; r < R; ++r) {
            left.put(term, line + r * IMPLICIT_SIDE, next_left[r]);
        }
#pragma unroll
        for (int c = 0; c < C; ++c) {
            right.put(term, line + c * IMPLICIT_SIDE, next_right[c]);
        }
        __syncthreads();
        if (chunk + IMPLICIT_CHUNK < end) {
            column += IMPLICIT_CHUNK;
            image += IMPLICIT_CHUNK;
            if (image >= images) {
                const int more = image / images;
                image -= more * images;
                place += more;
                h = place / s.out_width;
                w = place - h * s.out_width;
                source = implicit_source<false>(s, h, w, k, l);
            }
            read();
        }
        implicit_multiply<R, C>(left, right, sum);
        __syncthreads();
    }
    float* to = partial + (static_cast<int>(blockIdx.y) * s.taps() + tap) * inputs * s.outputs;
#pragma unroll
    for (int r = 0; r < R; ++r) {
        const int input = first_input + implicit_place(r, threadIdx.y);
#pragma unroll
        for (int c = 0; c < C; ++c) {
            const int output = first_output + implicit_place(c, threadIdx.x);
            if (input < inputs && output < outputs) {
                to[input * s.outputs + group * outputs + output] = sum[r][c];
            }
        }
    }
}

// The gradient of the kernel, [part][k, l, i, o]. Grid: (entries of the kernel * groups * tiles of inputs * tiles of outputs, parts),
// block (16, 16).
extern "C" __global__ void __launch_bounds__(IMPLICIT_THREADS)
    conv2d_implicit_gradient_64_64(const float* __restrict__ x, const float* __restrict__ dy, float* __restrict__ partial,
                                   int images, int columns_of_part, IMPLICIT_SHAPE) {
    const ImplicitShape s = IMPLICIT_SHAPE_OF_ARGUMENTS;
    implicit_gradient<4, 4>(x, dy, partial, images, columns_of_part, s);
}

extern "C" __global__ void __launch_bounds__(IMPLICIT_THREADS)
    conv2d_implicit_gradient_128_128(const float* __restrict__ x, const float* __restrict__ dy,
                                     float* __restrict__ partial, int images, int columns_of_part, IMPLICIT_SHAPE) {
    const ImplicitShape s = IMPLICIT_SHAPE_OF_ARGUMENTS;
    implicit_gradient<8, 8>(x, dy, partial, images, columns_of_part, s);
}

// gradient[o] = sum over places and images of dy[place][o]. Grid: outputs, block 256.
extern "C" __global__ void conv2d_bias_gradient(const float* __restrict__ dy, float* __restrict__ gradient, int images,
                                                int places, int outputs) {
    __shared__ float sums[IMPLICIT_THREADS];
    const int output = blockIdx.x;
    float sum = 0.0f;
    for (int column = threadIdx.x; column < places * images; column += IMPLICIT_THREADS) {
        const int place = column / images;
        sum += dy[(place * outputs + output) * images + (column - place * images)];
    }
    sums[threadIdx.x] = sum;
    for (int half = IMPLICIT_THREADS / 2; half > 0; half /= 2) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < half) {
            sums[threadIdx.x] += sums[threadIdx.x + half];
        }
    }
    if (threadIdx.x == 0) {
        gradient[output] = sums[0];
    }
}
