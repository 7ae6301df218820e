// Kernels with errors, for the emulator to find.

extern "C" __global__ void write_beyond(float* x, int length) {
    if (static_cast<int>(threadIdx.x) <= length) {
        x[threadIdx.x] = 1.0f;
    }
}

extern "C" __global__ void read_beyond(const double* x, double* y, int length) { y[0] = x[length]; }

// Only the first half of the threads reaches the barrier.
extern "C" __global__ void half_a_barrier(float* x) {
    if (threadIdx.x < blockDim.x / 2) {
        __syncthreads();
        x[threadIdx.x] = 1.0f;
    }
}

// All threads reach a barrier, but not the same one.
extern "C" __global__ void two_barriers(float* x) {
    if (threadIdx.x % 2 == 0) {
        x[threadIdx.x] = 1.0f;
        __syncthreads();
    } else {
        __syncthreads();
        x[threadIdx.x] = 2.0f;
    }
}

// Without a barrier, thread i reads the old or the new value of thread i + 1.
extern "C" __global__ void shift_with_race(float* x) {
    const int at = threadIdx.x;
    const int next = (threadIdx.x + 1) % blockDim.x;
    const float value = x[next];
    x[at] = value;
}

extern "C" __global__ void shift(float* x) {
    const int at = threadIdx.x;
    const int next = (threadIdx.x + 1) % blockDim.x;
    const float value = x[next];
    __syncthreads();
    x[at] = value;
}

// Blocks whose results depend on each other's order.
extern "C" __global__ void race_of_blocks(float* x) {
    if (threadIdx.x == 0) {
        x[0] = 2.0f * x[0] + static_cast<float>(blockIdx.x);
    }
}

// The first block writes its shared memory, the second reads its own before any write.
extern "C" __global__ void unwritten_shared(float* x) {
    __shared__ float values[8];
    if (blockIdx.x == 0) {
        values[threadIdx.x] = 3.0f;
    }
    __syncthreads();
    x[blockIdx.x * blockDim.x + threadIdx.x] = values[threadIdx.x];
}

extern "C" __global__ void beyond_shared(float* x, int at) {
    __shared__ float values[8];
    float* from = values;
    from[threadIdx.x] = 3.0f;
    __syncthreads();
    x[threadIdx.x] = from[at + threadIdx.x];
}

// Rotates x by one place `count` times, with two barriers each time.
extern "C" __global__ void barriers(float* x, int count) {
    for (int i = 0; i < count; ++i) {
        const float value = x[(threadIdx.x + 1) % blockDim.x];
        __syncthreads();
        x[threadIdx.x] = value;
        __syncthreads();
    }
}
