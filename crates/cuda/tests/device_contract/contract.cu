// Kernels for the tests of the contract of devices.

extern "C" __global__ void affine(const float* __restrict__ x, float* __restrict__ y, float a, double b, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] = fmaf(a, x[at], static_cast<float>(b));
    }
}

extern "C" __global__ void next(const unsigned* __restrict__ from, unsigned* __restrict__ to, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        to[at] = from[at] + 1u;
    }
}

template <typename R>
__device__ R total_of(const R* x, int length) {
    __shared__ R partial[64];
    R sum = 0;
    for (int i = threadIdx.x; i < length; i += blockDim.x) {
        sum += x[i];
    }
    partial[threadIdx.x] = sum;
    __syncthreads();
    for (int half = 32; half > 0; half /= 2) {
        if (static_cast<int>(threadIdx.x) < half) {
            partial[threadIdx.x] += partial[threadIdx.x + half];
        }
        __syncthreads();
    }
    return partial[0];
}

// The sum of row blockIdx.x, with 64 threads.
extern "C" __global__ void row_sums_f32(const float* __restrict__ x, float* __restrict__ sums, int length) {
    const float sum = total_of(x + blockIdx.x * length, length);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
    }
}

extern "C" __global__ void row_sums_f64(const double* __restrict__ x, double* __restrict__ sums, int length) {
    const double sum = total_of(x + blockIdx.x * length, length);
    if (threadIdx.x == 0) {
        sums[blockIdx.x] = sum;
    }
}

// The position of each thread of a three-dimensional grid.
extern "C" __global__ void places(unsigned* __restrict__ to) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    const unsigned at = block * blockDim.x * blockDim.y * blockDim.z + thread;
    to[at] = at * 10u + threadIdx.z;
}

// Reverses 128 numbers through shared memory, in place.
extern "C" __global__ void reverse(float* x) {
    __shared__ float copy[128];
    copy[threadIdx.x] = x[threadIdx.x];
    __syncthreads();
    x[threadIdx.x] = copy[127 - threadIdx.x];
}
