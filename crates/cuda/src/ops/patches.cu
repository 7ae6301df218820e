// The matrix X of a convolution's patches, which is not stored, its second moments X X', and its sums over places.
//
// A column of X is a place (h, w) of the output of an image. Its row (k, l, i) is
// x[h * down + k * spread_down - above, w * across + l * spread_across - left, first input of the group + i], or 0 beyond the
// border. With a bias, row 0 is 1 and these rows follow. Layout of x: [(height, width, inputs)][image].

const int PATCH_TILE = 32;
const int PATCH_CHUNK = 32;
const int PATCH_THREADS = 16;
const int PATCH_MICRO = 2;

struct PatchShape {
    int height, width, inputs, out_height, out_width, outputs, kernel_height, kernel_width, down, across, above, left;
    int spread_down, spread_across, groups, biased;

    __device__ int group_inputs() const { return inputs / groups; }
    __device__ int places() const { return out_height * out_width; }
    __device__ int rows() const { return biased + kernel_height * kernel_width * group_inputs(); }

    __device__ float entry(const float* __restrict__ x, int group, int row, int column, int images) const {
        if (biased && row == 0) {
            return 1.0f;
        }
        const int flat = row - biased;
        const int place = column / images;
        const int input = group * group_inputs() + flat % group_inputs();
        const int k = flat / group_inputs() / kernel_width;
        const int l = flat / group_inputs() % kernel_width;
        const int h = place / out_width * down + k * spread_down - above;
        const int w = place % out_width * across + l * spread_across - left;
        if (h < 0 || h >= height || w < 0 || w >= width) {
            return 0.0f;
        }
        return x[((h * width + w) * inputs + input) * images + column % images];
    }
};

#define PATCH_SHAPE                                                                                                        \
    int height, int width, int inputs, int out_height, int out_width, int outputs, int kernel_height, int kernel_width,    \
        int down, int across, int above, int left, int spread_down, int spread_across, int groups, int biased
#define PATCH_SHAPE_OF_ARGUMENTS                                                                                           \
    {height, width,  inputs, out_height, out_width,   outputs,       kernel_height, kernel_width,                          \
     down,   across, above,  left,       spread_down, spread_across, groups,        biased}

// partial[part][group] = X X' over the columns of a part, in tiles of 32 x 32, 2 x 2 per thread. Tiles above the diagonal are
// skipped. Grid: (groups * tiles * tiles, parts), block (16, 16).
extern "C" __global__ void patch_moments(const float* __restrict__ x, float* __restrict__ partial, int images,
                                         int columns_of_part, PATCH_SHAPE) {
    __shared__ float lower[PATCH_CHUNK][PATCH_TILE + 1];
    __shared__ float upper[PATCH_CHUNK][PATCH_TILE + 1];
    const PatchShape s = PATCH_SHAPE_OF_ARGUMENTS;
    const int rows = s.rows();
    const int tiles = (rows + PATCH_TILE - 1) / PATCH_TILE;
    const int group = static_cast<int>(blockIdx.x) / (tiles * tiles);
    const int first_row = static_cast<int>(blockIdx.x) / tiles % tiles * PATCH_TILE;
    const int first_column = static_cast<int>(blockIdx.x) % tiles * PATCH_TILE;
    if (first_column > first_row) {
        return;
    }
    const int thread = threadIdx.y * PATCH_THREADS + threadIdx.x;
    const int columns = s.places() * images;
    const int start = static_cast<int>(blockIdx.y) * columns_of_part;
    const int end = columns - start > columns_of_part ? start + columns_of_part : columns;
    float sum[PATCH_MICRO][PATCH_MICRO] = {};
    for (int chunk = start; chunk < end; chunk += PATCH_CHUNK) {
        for (int at = thread; at < PATCH_TILE * PATCH_CHUNK; at += PATCH_THREADS * PATCH_THREADS) {
            // Neighbouring threads read neighbouring columns.
            const int line = at / PATCH_CHUNK;
            const int step = at % PATCH_CHUNK;
            const int column = chunk + step;
            const bool within = column < end;
            lower[step][line] =
                within && first_row + line < rows ? s.entry(x, group, first_row + line, column, images) : 0.0f;
            upper[step][line] =
                within && first_column + line < rows ? s.entry(x, group, first_column + line, column, images) : 0.0f;
        }
        __syncthreads();
#pragma unroll 8
        for (int step = 0; step < PATCH_CHUNK; ++step) {
#pragma unroll
            for (int r = 0; r < PATCH_MICRO; ++r) {
#pragma unroll
                for (int c = 0; c < PATCH_MICRO; ++c) {
                    sum[r][c] = fmaf(lower[step][threadIdx.y * PATCH_MICRO + r],
                                     upper[step][threadIdx.x * PATCH_MICRO + c], sum[r][c]);
                }
            }
        }
        __syncthreads();
    }
    float* to = partial + (static_cast<int>(blockIdx.y) * s.groups + group) * rows * rows;
#pragma unroll
    for (int r = 0; r < PATCH_MICRO; ++r) {
#pragma unroll
        for (int c = 0; c < PATCH_MICRO; ++c) {
            const int row = first_row + static_cast<int>(threadIdx.y) * PATCH_MICRO + r;
            const int column = first_column + static_cast<int>(threadIdx.x) * PATCH_MICRO + c;
            if (row < rows && column < rows) {
                to[row * rows + column] = sum[r][c];
            }
        }
    }
}

// sums[group * rows + row][image] = share * the sum of X[row] over the places of an image. Grid: (groups * rows, blocks of images).
extern "C" __global__ void patch_sums(const float* __restrict__ x, float* __restrict__ sums, int images, float share,
                                      PATCH_SHAPE) {
    const PatchShape s = PATCH_SHAPE_OF_ARGUMENTS;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int rows = s.rows();
    const int group = static_cast<int>(blockIdx.x) / rows;
    const int row = static_cast<int>(blockIdx.x) % rows;
    float sum = 0.0f;
    for (int place = 0; place < s.places(); ++place) {
        sum += s.entry(x, group, row, place * images + image, images);
    }
    sums[static_cast<int>(blockIdx.x) * images + image] = share * sum;
}
