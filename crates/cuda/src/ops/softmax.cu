// Softmax over the middle axis of a value, y[k] = exp(x[k]) / sum over l of exp(x[l]). Layout: [(outer, k, inner)][column]. One
// thread for each vector of each column.

// The first feature of vector number `at`.
__device__ int softmax_first(int at, int size, int inner) { return at / inner * size * inner + at % inner; }

// Grid: (vectors, blocks of images).
extern "C" __global__ void softmax_axis_forward(const float* __restrict__ x, float* __restrict__ y, int images, int size,
                                                int inner) {
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int first = softmax_first(blockIdx.x, size, inner) * images + image;
    const int step = inner * images;
    float largest = x[first];
    for (int k = 1; k < size; ++k) {
        const float value = x[first + k * step];
        largest = value > largest ? value : largest;
    }
    float sum = 0.0f;
    for (int k = 0; k < size; ++k) {
        const float value = expf(x[first + k * step] - largest);
        y[first + k * step] = value;
        sum += value;
    }
    const float share = 1.0f / sum;
    for (int k = 0; k < size; ++k) {
        y[first + k * step] *= share;
    }
}

// to = y * (d - <y, d>), for tangents and cotangents; stored, or added with `add`. Grid: (vectors, blocks of columns).
extern "C" __global__ void softmax_axis_derivative(const float* __restrict__ y, const float* __restrict__ d,
                                                   float* __restrict__ to, int images, int columns, int add, int size,
                                                   int inner) {
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int feature = softmax_first(blockIdx.x, size, inner);
    const int image = column % images;
    float mean = 0.0f;
    for (int k = 0; k < size; ++k) {
        mean = fmaf(y[(feature + k * inner) * images + image], d[(feature + k * inner) * columns + column], mean);
    }
    for (int k = 0; k < size; ++k) {
        const int at = (feature + k * inner) * columns + column;
        const float value = y[(feature + k * inner) * images + image] * (d[at] - mean);
        to[at] = add ? to[at] + value : value;
    }
}

// to += along * (g - <y, g>) - y * <along, g>: the change of the vjp of a fixed cotangent g along the output's tangents.
// Grid: (vectors, blocks of images).
extern "C" __global__ void softmax_axis_curvature(const float* __restrict__ y, const float* __restrict__ along,
                                                  const float* __restrict__ g, float* __restrict__ to, int images, int size,
                                                  int inner) {
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int first = softmax_first(blockIdx.x, size, inner) * images + image;
    const int step = inner * images;
    float mean = 0.0f;
    float moved = 0.0f;
    for (int k = 0; k < size; ++k) {
        mean = fmaf(y[first + k * step], g[first + k * step], mean);
        moved = fmaf(along[first + k * step], g[first + k * step], moved);
    }
    for (int k = 0; k < size; ++k) {
        const int at = first + k * step;
        to[at] += along[at] * (g[at] - mean) - y[at] * moved;
    }
}
