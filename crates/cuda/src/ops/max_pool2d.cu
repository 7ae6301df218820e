// The maximum over windows of a feature map, its vjp and its jvp. Layout: [(h, w, channel)][column]. Entries of the border do
// not count. A cotangent goes to the first entry of its window that attains the maximum. A NaN wins over every number, and its
// cotangent is dropped.

struct PoolShape {
    int height, width, channels, out_height, out_width, window_height, window_width, down, across, above, left;
    // It concerns means only.
    int whole;
};

#define POOL_SHAPE                                                                                                         \
    int height, int width, int channels, int out_height, int out_width, int window_height, int window_width, int down,     \
        int across, int above, int left, int whole
#define POOL_SHAPE_OF_ARGUMENTS                                                                                            \
    {height, width, channels, out_height, out_width, window_height, window_width, down, across, above, left, whole}

// The entries of a window within the map: rows [top, bottom) and columns [side, end).
struct MaxPoolWindow {
    int top, bottom, side, end;

    __device__ MaxPoolWindow(const PoolShape& s, int h, int w) {
        top = max(h * s.down - s.above, 0);
        bottom = min(h * s.down - s.above + s.window_height, s.height);
        side = max(w * s.across - s.left, 0);
        end = min(w * s.across - s.left + s.window_width, s.width);
    }
};

// y[h, w, c] = the maximum of x over the window at (h, w). Grid: (output features, blocks of images).
extern "C" __global__ void max_pool2d_forward(const float* __restrict__ x, float* __restrict__ y, int images, POOL_SHAPE) {
    const PoolShape s = POOL_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int c = feature % s.channels;
    const MaxPoolWindow window(s, feature / s.channels / s.out_width, feature / s.channels % s.out_width);
    float top = x[((window.top * s.width + window.side) * s.channels + c) * images + image];
    for (int row = window.top; row < window.bottom; ++row) {
#pragma unroll 4
        for (int at = window.side; at < window.end; ++at) {
            const float value = x[((row * s.width + at) * s.channels + c) * images + image];
            top = value > top || value != value ? value : top;
        }
    }
    y[feature * images + image] = top;
}

// The place (row * width + column) of the first entry of a window that equals `top`; -1 if none does. x begins at the channel
// and the image.
__device__ int max_pool2d_winner(const float* __restrict__ x, int images, const PoolShape& s, int h, int w, float top) {
    const MaxPoolWindow window(s, h, w);
    for (int row = window.top; row < window.bottom; ++row) {
        for (int at = window.side; at < window.end; ++at) {
            if (x[(row * s.width + at) * s.channels * images] == top) {
                return row * s.width + at;
            }
        }
    }
    return -1;
}

// dx[h', w', c] = sum of dy over the windows whose first maximum is (h', w'), multiplied by (x > 0) with `gated` (x a
// rectified value); stored, or added with `add`. Grid: (input features, blocks of columns).
extern "C" __global__ void max_pool2d_vjp(const float* __restrict__ x, const float* __restrict__ y,
                                          const float* __restrict__ dy, float* __restrict__ dx, int images, int columns,
                                          int gated, int add, POOL_SHAPE) {
    const PoolShape s = POOL_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int c = feature % s.channels;
    const int place = feature / s.channels;
    const int w = place % s.width + s.left;
    const int h = place / s.width + s.above;
    const float own = x[feature * images + image];
    float sum = 0.0f;
    const int first_row = h < s.window_height ? 0 : (h - s.window_height) / s.down + 1;
    const int first = w < s.window_width ? 0 : (w - s.window_width) / s.across + 1;
    for (int row = first_row; row < s.out_height && row * s.down <= h; ++row) {
        for (int at = first; at < s.out_width && at * s.across <= w; ++at) {
            const int window = (row * s.out_width + at) * s.channels + c;
            const float top = y[window * images + image];
            if (own == top && max_pool2d_winner(x + c * images + image, images, s, row, at, top) == place) {
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
                                          POOL_SHAPE) {
    const PoolShape s = POOL_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int c = feature % s.channels;
    const int w = feature / s.channels % s.out_width;
    const int h = feature / s.channels / s.out_width;
    const int place = max_pool2d_winner(x + c * images + image, images, s, h, w, y[feature * images + image]);
    dy[feature * columns + column] = place < 0 ? 0.0f : dx[(place * s.channels + c) * columns + column];
}
