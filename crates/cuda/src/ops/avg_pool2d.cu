// The mean over windows of a feature map, and its vjp. Layout: [(h, w, channel)][column]. Entries of the border are zero.

struct PoolShape {
    int height, width, channels, out_height, out_width, window_height, window_width, down, across, above, left;
    // Whether a mean divides by the window's area, and not by the number of its entries within the map.
    int whole;
};

#define POOL_SHAPE                                                                                                         \
    int height, int width, int channels, int out_height, int out_width, int window_height, int window_width, int down,     \
        int across, int above, int left, int whole
#define POOL_SHAPE_OF_ARGUMENTS                                                                                            \
    {height, width, channels, out_height, out_width, window_height, window_width, down, across, above, left, whole}

// One over the number of entries that count in the window of output place (h, w).
__device__ float avg_pool2d_share(const PoolShape& s, int h, int w) {
    if (s.whole) {
        return 1.0f / static_cast<float>(s.window_height * s.window_width);
    }
    const int top = h * s.down - s.above;
    const int side = w * s.across - s.left;
    const int rows = min(top + s.window_height, s.height) - max(top, 0);
    const int columns = min(side + s.window_width, s.width) - max(side, 0);
    return 1.0f / static_cast<float>(rows * columns);
}

// y[h, w, c] = share * sum over k, l of x[h * down + k - above, w * across + l - left, c]; then max(y, 0) with `relu`, or
// multiplied by (value > 0) with `gated`. The map is linear, so its jvp is the same kernel, with columns instead of images;
// `value` is the operation's rectified output. Grid: (output features, blocks of columns).
extern "C" __global__ void avg_pool2d_forward(const float* __restrict__ x, float* __restrict__ y,
                                              const float* __restrict__ value, int images, int columns, int relu,
                                              int gated, POOL_SHAPE) {
    const PoolShape s = POOL_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int c = feature % s.channels;
    const int w = feature / s.channels % s.out_width;
    const int h = feature / s.channels / s.out_width;
    float sum = 0.0f;
    for (int k = 0; k < s.window_height; ++k) {
        const int row = h * s.down + k - s.above;
        if (row < 0 || row >= s.height) {
            continue;
        }
#pragma unroll 4
        for (int l = 0; l < s.window_width; ++l) {
            const int at = w * s.across + l - s.left;
            if (at >= 0 && at < s.width) {
                sum += x[((row * s.width + at) * s.channels + c) * columns + column];
            }
        }
    }
    float mean = sum * avg_pool2d_share(s, h, w);
    if (relu && mean <= 0.0f) {
        mean = 0.0f;
    }
    if (gated && !(value[feature * images + column % images] > 0.0f)) {
        mean = 0.0f;
    }
    y[feature * columns + column] = mean;
}

// dx[h', w', c] = sum of share * dy over the windows that contain (h', w'), multiplied by (x > 0) with `gated` (x a rectified
// value); stored, or added with `add`. Grid: (input features, blocks of columns).
extern "C" __global__ void avg_pool2d_vjp(const float* __restrict__ dy, const float* __restrict__ x,
                                          float* __restrict__ dx, int images, int columns, int gated, int add,
                                          POOL_SHAPE) {
    const PoolShape s = POOL_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int c = feature % s.channels;
    const int w = feature / s.channels % s.width + s.left;
    const int h = feature / s.channels / s.width + s.above;
    float sum = 0.0f;
    const int first_row = h < s.window_height ? 0 : (h - s.window_height) / s.down + 1;
    const int first = w < s.window_width ? 0 : (w - s.window_width) / s.across + 1;
    for (int row = first_row; row < s.out_height && row * s.down <= h; ++row) {
        for (int at = first; at < s.out_width && at * s.across <= w; ++at) {
            sum += avg_pool2d_share(s, row, at) * dy[((row * s.out_width + at) * s.channels + c) * columns + column];
        }
    }
    if (gated && !(x[feature * images + column % images] > 0.0f)) {
        sum = 0.0f;
    }
    float* to = dx + feature * columns + column;
    *to = add ? *to + sum : sum;
}
