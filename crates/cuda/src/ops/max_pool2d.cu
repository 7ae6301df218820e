// The maximum over windows of a feature map, its vjp and its jvp. Layout: [(h, w, channel)][column]; all windows lie within
// it. A cotangent goes to the first entry of its window that attains the maximum. A NaN wins over every number, and its
// cotangent is dropped.

// y[h, w, c] = max over k, l of x[h * down + k, w * across + l, c]. Grid: (output features, blocks of images).
extern "C" __global__ void max_pool2d_forward(const float* __restrict__ x, float* __restrict__ y, int images, int width,
                                              int channels, int out_width, int window_height, int window_width, int down,
                                              int across) {
    const int feature = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int c = feature % channels;
    const int w = feature / channels % out_width;
    const int h = feature / channels / out_width;
    const int from = ((h * down) * width + w * across) * channels + c;
    float top = x[from * images + image];
    for (int k = 0; k < window_height; ++k) {
#pragma unroll 4
        for (int l = 0; l < window_width; ++l) {
            const float value = x[(from + (k * width + l) * channels) * images + image];
            top = value > top || value != value ? value : top;
        }
    }
    y[feature * images + image] = top;
}

// Position (k * window_width + l) of the first entry of a window that equals `top`; -1 if none does.
__device__ int max_pool2d_winner(const float* __restrict__ x, int images, int width, int channels, int window_height,
                                 int window_width, float top) {
    for (int k = 0; k < window_height; ++k) {
        for (int l = 0; l < window_width; ++l) {
            if (x[(k * width + l) * channels * images] == top) {
                return k * window_width + l;
            }
        }
    }
    return -1;
}

// dx[h', w', c] = sum of dy over the windows whose first maximum is (h', w'), multiplied by (x > 0) with `gated` (x a
// rectified value); stored, or added with `add`. Grid: (input features, blocks of columns).
extern "C" __global__ void max_pool2d_vjp(const float* __restrict__ x, const float* __restrict__ y,
                                          const float* __restrict__ dy, float* __restrict__ dx, int images, int columns,
                                          int gated, int add, int width, int channels, int out_height, int out_width,
                                          int window_height, int window_width, int down, int across) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int c = feature % channels;
    const int w = feature / channels % width;
    const int h = feature / channels / width;
    const float own = x[feature * images + image];
    float sum = 0.0f;
    for (int row = h < window_height ? 0 : (h - window_height) / down + 1; row < out_height && row * down <= h; ++row) {
        for (int at = w < window_width ? 0 : (w - window_width) / across + 1; at < out_width && at * across <= w; ++at) {
            const int window = (row * out_width + at) * channels + c;
            const float top = y[window * images + image];
            const int place = (h - row * down) * window_width + w - at * across;
            const float* from = x + ((row * down * width + at * across) * channels + c) * images + image;
            if (own == top &&
                max_pool2d_winner(from, images, width, channels, window_height, window_width, top) == place) {
                sum += dy[window * columns + column];
            }
        }
    }
    if (gated && !(own > 0.0f)) {
        sum = 0.0f;
    }
    float* to = dx + feature * columns + column;
    *to = add ? *to + sum : sum;
}

// dy[h, w, c] = dx of the window's first maximum. Grid: (output features, blocks of columns).
extern "C" __global__ void max_pool2d_jvp(const float* __restrict__ x, const float* __restrict__ y,
                                          const float* __restrict__ dx, float* __restrict__ dy, int images, int columns,
                                          int width, int channels, int out_width, int window_height, int window_width,
                                          int down, int across) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int c = feature % channels;
    const int w = feature / channels % out_width;
    const int h = feature / channels / out_width;
    const int from = ((h * down) * width + w * across) * channels + c;
    const int place = max_pool2d_winner(x + from * images + image, images, width, channels, window_height, window_width,
                                        y[feature * images + image]);
    float value = 0.0f;
    if (place >= 0) {
        const int entry = from + (place / window_width * width + place % window_width) * channels;
        value = dx[entry * columns + column];
    }
    dy[feature * columns + column] = value;
}
