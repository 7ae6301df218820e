// What follows the products of an affine map, if a library computes them. Layout: [(place, output)][column].

// y[p, o] += b[o] with `biased`, the biases of direction k at b + k * direction_stride; with relu, max(y, 0), and a NaN stays a NaN;
// multiplied by (gate[p, o] > 0) with `gated`, for the gate of the column's image. An absent bias or gate is any readable pointer.
// Grid: (features, blocks of columns).
extern "C" __global__ void affine_finish(const float* biases, const float* gate, float* y, int images, int columns,
                                         int direction_stride, int outputs, int biased, int gated, int relu) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int at = feature * columns + column;
    float value = y[at];
    if (biased) {
        value += biases[column / images * direction_stride + feature % outputs];
    }
    if (gated && !(gate[feature * images + column % images] > 0.0f)) {
        value = 0.0f;
    }
    y[at] = relu && value <= 0.0f ? 0.0f : value;
}
