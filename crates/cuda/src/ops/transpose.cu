// The transpose of a matrix, for products of matrices whose numbers lie one column of the batch beside the other.

// to[c][r] = from[r][c]; added with `add`. Grid: (tiles of rows, tiles of columns) of 32, block (32, 8).
extern "C" __global__ void transpose(const float* __restrict__ from, float* __restrict__ to, int rows, int columns,
                                     int add) {
    const int size = 32;
    __shared__ float tile[size][size + 1];
    const int first_row = blockIdx.x * size;
    const int first_column = blockIdx.y * size;
    for (int line = threadIdx.y; line < size; line += blockDim.y) {
        const int row = first_row + line;
        const int column = first_column + threadIdx.x;
        if (row < rows && column < columns) {
            tile[line][threadIdx.x] = from[row * columns + column];
        }
    }
    __syncthreads();
    for (int line = threadIdx.y; line < size; line += blockDim.y) {
        const int row = first_row + threadIdx.x;
        const int column = first_column + line;
        if (row < rows && column < columns) {
            float* at = to + column * rows + row;
            *at = add ? *at + tile[threadIdx.x][line] : tile[threadIdx.x][line];
        }
    }
}
