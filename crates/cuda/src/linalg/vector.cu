// Vectors: scaling, sums of multiples, inner products and norms. Sums run in a fixed order and in f64.

const int VECTOR_THREADS = 256;

// x = factor * x. One thread per number.
extern "C" __global__ void vector_scale(float* __restrict__ x, int length, float factor) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        x[at] *= factor;
    }
}

// y = y + factor * x. One thread per number.
extern "C" __global__ void vector_axpy(const float* __restrict__ x, float* __restrict__ y, int length, float factor) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] += factor * x[at];
    }
}

// y = x. One thread per number.
extern "C" __global__ void vector_copy_f32(const float* __restrict__ x, float* __restrict__ y, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] = x[at];
    }
}

extern "C" __global__ void vector_copy_f64(const double* __restrict__ x, double* __restrict__ y, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] = x[at];
    }
}

// x = 0. One thread per number.
extern "C" __global__ void vector_clear(double* __restrict__ x, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        x[at] = 0.0;
    }
}

// The sum of a block's numbers, in its first thread.
__device__ double vector_sum(double value) {
    __shared__ double sums[VECTOR_THREADS];
    sums[threadIdx.x] = value;
    for (int width = VECTOR_THREADS / 2; width > 0; width /= 2) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < width) {
            sums[threadIdx.x] += sums[threadIdx.x + width];
        }
    }
    return sums[0];
}

template <typename R>
__device__ void vector_dot(const R* a, const R* b, double* partial, int length) {
    double sum = 0.0;
    for (int at = blockIdx.x * VECTOR_THREADS + threadIdx.x; at < length; at += gridDim.x * VECTOR_THREADS) {
        sum += static_cast<double>(a[at]) * static_cast<double>(b[at]);
    }
    sum = vector_sum(sum);
    if (threadIdx.x == 0) {
        partial[blockIdx.x] = sum;
    }
}

// partial[block] = its share of a.b; vector_total adds them. Block 256.
extern "C" __global__ void vector_dot_f32(const float* a, const float* b, double* __restrict__ partial, int length) {
    vector_dot<float>(a, b, partial, length);
}

extern "C" __global__ void vector_dot_f64(const double* a, const double* b, double* __restrict__ partial, int length) {
    vector_dot<double>(a, b, partial, length);
}

// total[0] = sum of the partial sums, or its square root with `root`. One block of 256.
extern "C" __global__ void vector_total(const double* __restrict__ partial, double* __restrict__ total, int parts,
                                        int root) {
    double sum = 0.0;
    for (int at = threadIdx.x; at < parts; at += VECTOR_THREADS) {
        sum += partial[at];
    }
    sum = vector_sum(sum);
    if (threadIdx.x == 0) {
        total[0] = root ? sqrt(sum) : sum;
    }
}

// norms[i] = sqrt(sum over features of x[feature][i]^2). Grid: blocks of 32 columns; block (32, 8); each thread sums a slice
// of the features.
extern "C" __global__ void column_norms(const float* __restrict__ x, double* __restrict__ norms, int features,
                                        int columns) {
    const int lanes = 32;
    const int slices = 8;
    __shared__ double sums[slices][lanes];
    const int column = blockIdx.x * lanes + threadIdx.x;
    double sum = 0.0;
    if (column < columns) {
#pragma unroll 4
        for (int feature = threadIdx.y; feature < features; feature += slices) {
            const double value = static_cast<double>(x[feature * columns + column]);
            sum = fma(value, value, sum);
        }
    }
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && column < columns) {
        sum = 0.0;
        for (int slice = 0; slice < slices; ++slice) {
            sum += sums[slice][threadIdx.x];
        }
        norms[column] = sqrt(sum);
    }
}
