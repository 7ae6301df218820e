// The mean over windows of a feature map, and its vjp. Layout: [(h, w, channel)][column]; all windows lie within it.

// y[h, w, c] = (1 / area) * sum over k, l of x[h * down + k, w * across + l, c]; then max(y, 0) with `relu`, or multiplied
// by (value > 0) with `gated`. The map is linear, so its jvp is the same kernel, with columns instead of images; `value` is the
// operation's rectified output. Grid: (output features, blocks of columns).
extern "C" __global__ void avg_pool2d_forward(const float* __restrict__ x, float* __restrict__ y,
                                              const float* __restrict__ value, int images, int columns, int relu,
                                              int gated, int width, int channels, int out_width, int window_height,
                                              int window_width, int down, int across) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int c = feature % channels;
    const int w = feature / channels % out_width;
    const int h = feature / channels / out_width;
    float sum = 0.0f;
    for (int k = 0; k < window_height; ++k) {
#pragma unroll 4
        for (int l = 0; l < window_width; ++l) {
            sum += x[(((h * down + k) * width + w * across + l) * channels + c) * columns + column];
        }
    }
    float mean = sum * (1.0f / static_cast<float>(window_height * window_width));
    if (relu && mean <= 0.0f) {
        mean = 0.0f;
    }
    if (gated && !(value[feature * images + column % images] > 0.0f)) {
        mean = 0.0f;
    }
    y[feature * columns + column] = mean;
}

// dx[h', w', c] = (1 / area) * sum of dy over the windows that contain (h', w'), multiplied by (x > 0) with `gated` (x a rectified
// value); stored, or added with `add`. Grid: (input features, blocks of columns).
extern "C" __global__ void avg_pool2d_vjp(const float* __restrict__ dy, const float* __restrict__ x,
                                          float* __restrict__ dx, int images, int columns, int gated, int add, int width,
                                          int channels, int out_height, int out_width, int window_height,
                                          int window_width, int down, int across) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int c = feature % channels;
    const int w = feature / channels % width;
    const int h = feature / channels / width;
    float sum = 0.0f;
    for (int row = h < window_height ? 0 : (h - window_height) / down + 1; row < out_height && row * down <= h; ++row) {
        for (int at = w < window_width ? 0 : (w - window_width) / across + 1; at < out_width && at * across <= w; ++at) {
            sum += dy[((row * out_width + at) * channels + c) * columns + column];
        }
    }
    float value = sum * (1.0f / static_cast<float>(window_height * window_width));
    if (gated && !(x[feature * images + column % images] > 0.0f)) {
        value = 0.0f;
    }
    float* to = dx + feature * columns + column;
    *to = add ? *to + value : value;
}
