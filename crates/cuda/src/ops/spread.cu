// The same numbers for every column, and sums over columns. Layout: [feature][column].

// y[f][k * images + i] = numbers[k * direction_stride + f]. Grid: (features, blocks of columns).
extern "C" __global__ void spread(const float* __restrict__ numbers, float* __restrict__ y, int images, int columns,
                                  int direction_stride) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        y[feature * columns + column] = numbers[column / images * direction_stride + feature];
    }
}

// The sum over the columns of x[f], or of its squares, for the feature of a block of 32 threads.
template <bool SQUARES>
__device__ void column_total(const float* __restrict__ x, float* __restrict__ sums, int columns) {
    const int lanes = 32;
    __shared__ float shares[lanes];
    float sum = 0.0f;
    for (int column = threadIdx.x; column < columns; column += lanes) {
        const float value = x[blockIdx.x * columns + column];
        sum = SQUARES ? fmaf(value, value, sum) : sum + value;
    }
    shares[threadIdx.x] = sum;
    for (int width = lanes / 2; width > 0; width /= 2) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < width) {
            shares[threadIdx.x] += shares[threadIdx.x + width];
        }
    }
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = shares[0];
    }
}

// sums[f] = sum over the columns of x[f]. Grid: features, block 32.
extern "C" __global__ void sum_of_columns(const float* __restrict__ x, float* __restrict__ sums, int columns) {
    column_total<false>(x, sums, columns);
}

// sums[f] = sum over the columns of x[f]^2. Grid: features, block 32.
extern "C" __global__ void squares_of_columns(const float* __restrict__ x, float* __restrict__ sums, int columns) {
    column_total<true>(x, sums, columns);
}

// x = number. One thread per number.
extern "C" __global__ void fill(float* __restrict__ x, int length, float number) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        x[at] = number;
    }
}
