// c[n] = scale * a[n] b[n] for pairs of matrices, both values of the network. Layout: [(n, row, column of the matrix)][column].
//
// A matrix is row-major, or read transposed: entry (i, j) is at i * down + j * across. A thread has one column of the batch and a
// tile of 4 x 4 entries. Entries past the last repeat it and are not stored.

const int MATMUL_TILE = 4;

// Stored, or added with `add`. Without `a_directions`, the columns of a are images, the same for every direction; so for b.
// Grid: (pairs * tiles, blocks of columns).
extern "C" __global__ void matmul_product(const float* __restrict__ a, const float* __restrict__ b, float* __restrict__ c,
                                          int images, int columns, int a_directions, int b_directions, int add, int rows,
                                          int inner, int across, int a_down, int a_across, int b_down, int b_across,
                                          float scale) {
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int tiles_down = (rows + MATMUL_TILE - 1) / MATMUL_TILE;
    const int tiles_across = (across + MATMUL_TILE - 1) / MATMUL_TILE;
    const int n = blockIdx.x / (tiles_down * tiles_across);
    const int first_row = blockIdx.x / tiles_across % tiles_down * MATMUL_TILE;
    const int first = blockIdx.x % tiles_across * MATMUL_TILE;
    const int a_columns = a_directions ? columns : images;
    const int b_columns = b_directions ? columns : images;
    const float* left = a + n * rows * inner * a_columns + (a_directions ? column : column % images);
    const float* right = b + n * inner * across * b_columns + (b_directions ? column : column % images);
    int row[MATMUL_TILE];
    int place[MATMUL_TILE];
    float sum[MATMUL_TILE][MATMUL_TILE];
#pragma unroll
    for (int r = 0; r < MATMUL_TILE; ++r) {
        row[r] = first_row + r < rows ? first_row + r : rows - 1;
        place[r] = first + r < across ? first + r : across - 1;
#pragma unroll
        for (int j = 0; j < MATMUL_TILE; ++j) {
            sum[r][j] = 0.0f;
        }
    }
#pragma unroll 2
    for (int l = 0; l < inner; ++l) {
        float x[MATMUL_TILE];
        float y[MATMUL_TILE];
#pragma unroll
        for (int r = 0; r < MATMUL_TILE; ++r) {
            x[r] = left[(row[r] * a_down + l * a_across) * a_columns];
            y[r] = right[(l * b_down + place[r] * b_across) * b_columns];
        }
#pragma unroll
        for (int r = 0; r < MATMUL_TILE; ++r) {
#pragma unroll
            for (int j = 0; j < MATMUL_TILE; ++j) {
                sum[r][j] = fmaf(x[r], y[j], sum[r][j]);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < MATMUL_TILE; ++r) {
#pragma unroll
        for (int j = 0; j < MATMUL_TILE; ++j) {
            if (first_row + r < rows && first + j < across) {
                float* to = c + ((n * rows + row[r]) * across + place[j]) * columns + column;
                const float value = sum[r][j] * scale;
                *to = add ? *to + value : value;
            }
        }
    }
}
