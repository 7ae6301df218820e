// Gram matrices of columns: the kernel J J' of a batch, layer by layer, and the Gauss-Newton systems' matrices.
//
// U is [row][column] with `order` columns; matrices of that order are row-major, [order][order]. Sums are in f32.

// A tile of TILE x TILE entries of the lower triangle, MICRO x MICRO per thread, from chunks of rows in shared memory.
template <int TILE, int MICRO, int CHUNK>
__device__ void gram_tile(const float* __restrict__ u, float* __restrict__ gram, const float* __restrict__ inputs,
                          int rows, int order, int images, float bias, int add) {
    alignas(16) __shared__ float left[CHUNK][TILE];
    alignas(16) __shared__ float right[CHUNK][TILE];
    if (blockIdx.x > blockIdx.y) {
        return;
    }
    const int side = TILE / MICRO;
    const int first_row = blockIdx.y * TILE;
    const int first_column = blockIdx.x * TILE;
    const int thread = threadIdx.y * side + threadIdx.x;
    float sum[MICRO][MICRO];
#pragma unroll
    for (int r = 0; r < MICRO; ++r) {
#pragma unroll
        for (int c = 0; c < MICRO; ++c) {
            sum[r][c] = 0.0f;
        }
    }
    for (int start = 0; start < rows; start += CHUNK) {
#pragma unroll
        for (int at = thread; at < CHUNK * TILE; at += side * side) {
            const int line = at / TILE;
            const int place = at % TILE;
            const bool within = start + line < rows;
            const float* from = u + (within ? start + line : 0) * order;
            left[line][place] = within && first_row + place < order ? from[first_row + place] : 0.0f;
            right[line][place] = within && first_column + place < order ? from[first_column + place] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int line = 0; line < CHUNK; ++line) {
            float a[MICRO];
            float b[MICRO];
#pragma unroll
            for (int j = 0; j < MICRO; ++j) {
                a[j] = left[line][threadIdx.y * MICRO + j];
                b[j] = right[line][threadIdx.x * MICRO + j];
            }
#pragma unroll
            for (int r = 0; r < MICRO; ++r) {
#pragma unroll
                for (int c = 0; c < MICRO; ++c) {
                    sum[r][c] = fmaf(a[r], b[c], sum[r][c]);
                }
            }
        }
        __syncthreads();
    }
#pragma unroll
    for (int r = 0; r < MICRO; ++r) {
#pragma unroll
        for (int c = 0; c < MICRO; ++c) {
            const int row = first_row + threadIdx.y * MICRO + r;
            const int column = first_column + threadIdx.x * MICRO + c;
            if (row < order && column <= row) {
                float value = sum[r][c];
                if (inputs) {
                    const int i = row % images;
                    const int j = column % images;
                    value *= (i > j ? inputs[i * images + j] : inputs[j * images + i]) + bias;
                }
                float* to = gram + row * order + column;
                *to = add ? *to + value : value;
            }
        }
    }
}

// The lower triangle of G = U'U; stored, or added with `add`. Grid: (tiles, tiles) of 64, block (16, 16); tiles above the
// diagonal are skipped. The fine kernel has tiles of 16 and is for small matrices.
extern "C" __global__ void gram_lower(const float* __restrict__ u, float* __restrict__ gram, int rows, int order, int add) {
    gram_tile<64, 4, 16>(u, gram, nullptr, rows, order, 1, 0.0f, add);
}

extern "C" __global__ void gram_lower_fine(const float* __restrict__ u, float* __restrict__ gram, int rows, int order,
                                           int add) {
    gram_tile<16, 1, 32>(u, gram, nullptr, rows, order, 1, 0.0f, add);
}

// The lower triangle of (D'D)[a, b] * (A[a % images, b % images] + 1), from the lower triangle of A: the term of a dense
// layer with output cotangents D and inner products A of its inputs in the kernel. The 1 is the bias; without biases it is 0.
extern "C" __global__ void gram_lower_dense(const float* __restrict__ cotangents, const float* __restrict__ inputs,
                                            float* __restrict__ gram, int rows, int order, int images, int biased,
                                            int add) {
    gram_tile<64, 4, 16>(cotangents, gram, inputs, rows, order, images, biased ? 1.0f : 0.0f, add);
}

extern "C" __global__ void gram_lower_dense_fine(const float* __restrict__ cotangents, const float* __restrict__ inputs,
                                                 float* __restrict__ gram, int rows, int order, int images, int biased,
                                            int add) {
    gram_tile<16, 1, 32>(cotangents, gram, inputs, rows, order, images, biased ? 1.0f : 0.0f, add);
}

// The lower triangle of the same, from the lower triangle of D'D. Grid: (blocks of columns, rows).
extern "C" __global__ void gram_weighted(const float* __restrict__ products, const float* __restrict__ inputs,
                                         float* __restrict__ gram, int order, int images, int biased, int add) {
    const int row = blockIdx.y;
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column <= row) {
        const int i = row % images;
        const int j = column % images;
        const float weight = (i > j ? inputs[i * images + j] : inputs[j * images + i]) + (biased ? 1.0f : 0.0f);
        const int at = row * order + column;
        const float value = products[at] * weight;
        gram[at] = add ? gram[at] + value : value;
    }
}

// Copies the lower triangle into the upper triangle. Grid: (tiles, tiles) of 32, block (32, 8).
extern "C" __global__ void gram_mirror(float* gram, int order) {
    const int size = 32;
    __shared__ float tile[size][size + 1];
    if (blockIdx.x > blockIdx.y) {
        return;
    }
    const int first_row = blockIdx.y * size;
    const int first_column = blockIdx.x * size;
    for (int line = threadIdx.y; line < size; line += blockDim.y) {
        const int row = first_row + line;
        const int column = first_column + threadIdx.x;
        if (row < order && column <= row) {
            tile[line][threadIdx.x] = gram[row * order + column];
        }
    }
    __syncthreads();
    for (int line = threadIdx.y; line < size; line += blockDim.y) {
        const int row = first_column + line;
        const int column = first_row + threadIdx.x;
        if (column < order && row < column) {
            gram[row * order + column] = tile[threadIdx.x][line];
        }
    }
}

template <typename R>
__device__ void gram_system(const float* gram, const R* scale, R* system, int order, R damping) {
    const int row = blockIdx.y;
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column <= row) {
        R value = static_cast<R>(gram[row * order + column]);
        if (scale) {
            value *= scale[row] * scale[column];
        }
        system[row * order + column] = row == column ? value + damping : value;
    }
}

// The lower triangle of G + damping * I, in the precision of the solver. Grid: (blocks of columns, rows).
extern "C" __global__ void damped_f32(const float* __restrict__ gram, float* __restrict__ system, int order,
                                      float damping) {
    gram_system<float>(gram, nullptr, system, order, damping);
}

extern "C" __global__ void damped_f64(const float* __restrict__ gram, double* __restrict__ system, int order,
                                      double damping) {
    gram_system<double>(gram, nullptr, system, order, damping);
}

// The lower triangle of s * K * s + damping * I: entry (a, b) is s[a] * K[a, b] * s[b].
extern "C" __global__ void scaled_damped_f32(const float* __restrict__ gram, const float* __restrict__ scale,
                                             float* __restrict__ system, int order, float damping) {
    gram_system<float>(gram, scale, system, order, damping);
}

extern "C" __global__ void scaled_damped_f64(const float* __restrict__ gram, const double* __restrict__ scale,
                                             double* __restrict__ system, int order, double damping) {
    gram_system<double>(gram, scale, system, order, damping);
}
