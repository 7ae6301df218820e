// Products number by number: of two values, and of a value with constants of its channels. Layout: [feature][column].

// to = value * d, where `value` has one column per image: the vjp and the jvp of a product, and the product itself. Stored, or
// added with `add`. Grid: (features, blocks of columns).
extern "C" __global__ void multiply(const float* __restrict__ value, const float* __restrict__ d, float* __restrict__ to,
                                    int images, int columns, int add) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int at = feature * columns + column;
        const float product = value[feature * images + column % images] * d[at];
        to[at] = add ? to[at] + product : product;
    }
}

// y = scale[c] * x + shift[c] for channel c = feature % channels, without the shift unless `shifted`; stored, or added with
// `add`. Grid: (features, blocks of columns).
extern "C" __global__ void channel_affine(const float* __restrict__ x, const float* __restrict__ scale,
                                          const float* __restrict__ shift, float* __restrict__ y, int columns,
                                          int channels, int shifted, int add) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int c = feature % channels;
        const int at = feature * columns + column;
        const float value = fmaf(x[at], scale[c], shifted ? shift[c] : 0.0f);
        y[at] = add ? y[at] + value : value;
    }
}
