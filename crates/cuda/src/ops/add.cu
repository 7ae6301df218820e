// y = a + b, its vjp (both inputs get the cotangent) and its jvp. Layout: [feature][column].

// y = a + b; then max(y, 0) with `relu` (a NaN stays a NaN), or multiplied by (value > 0) with `gated`: the jvp of a sum
// with the rectified output `value`. Grid: (features, blocks of columns).
extern "C" __global__ void add_forward(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ y,
                                       const float* __restrict__ value, int images, int columns, int relu, int gated) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int at = feature * columns + column;
        float sum = a[at] + b[at];
        if (relu && sum <= 0.0f) {
            sum = 0.0f;
        }
        if (gated && !(value[feature * images + column % images] > 0.0f)) {
            sum = 0.0f;
        }
        y[at] = sum;
    }
}

// dx = dy, multiplied by (x > 0) with `gated` (x a rectified value); stored, or added with `add`. Also the jvp if one
// tangent is absent. Grid: (features, blocks of columns).
extern "C" __global__ void add_vjp(const float* __restrict__ dy, const float* __restrict__ x, float* __restrict__ dx,
                                   int images, int columns, int gated, int add) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int at = feature * columns + column;
        const bool on = !gated || x[feature * images + column % images] > 0.0f;
        const float value = on ? dy[at] : 0.0f;
        dx[at] = add ? dx[at] + value : value;
    }
}
