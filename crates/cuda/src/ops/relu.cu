// y = max(x, 0), and the gate of its tangents and cotangents. Layout: [feature][column]; one thread per number.

// A NaN is not below zero, so it stays a NaN.
extern "C" __global__ void relu_forward(const float* __restrict__ x, float* __restrict__ y, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        y[at] = x[at] <= 0.0f ? 0.0f : x[at];
    }
}

// y = max(y, 0). One thread per number.
extern "C" __global__ void relu_in_place(float* __restrict__ y, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length && y[at] <= 0.0f) {
        y[at] = 0.0f;
    }
}

// to[feature][column] = from if y[feature][column % images] > 0, else 0; stored, or added with `add`. `to` may be
// `from`. Grid: (features, blocks of columns).
extern "C" __global__ void relu_gate(const float* __restrict__ y, const float* from, float* to, int images, int columns,
                                     int add) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int at = feature * columns + column;
        const float value = y[feature * images + column % images] > 0.0f ? from[at] : 0.0f;
        to[at] = add ? to[at] + value : value;
    }
}
