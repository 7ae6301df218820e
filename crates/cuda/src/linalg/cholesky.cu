// Cholesky factorization A = L L' and triangular solves, in f32 and f64. Matrices are row-major, [order][order]. Only the
// lower triangle of A is read, and L overwrites it. Right sides are [side][order].
//
// Blocked and right-looking (Golub & Van Loan, Matrix Computations, 4th edition, section 4.2.6), 32 columns at a time and
// two launches each:
// - cholesky_panel: every block of threads factors the same 32 x 32 block on the diagonal in shared memory, instead of
//   waiting for another block, and solves for its own rows below.
// - cholesky_update: subtracts the panel's products from everything to its right, in tiles, and stores the factored
//   diagonal block, which the panel could not overwrite while other blocks read it.
// Right sides are further rows of the matrix: the panel's solve of row b is exactly L^-1 b.

const int CHOLESKY_BLOCK = 32;
const int CHOLESKY_ROWS = 64;
const int CHOLESKY_THREADS = 256;
const int CHOLESKY_TILE = 64;
const int SOLVE_THREADS = 1024;

__device__ float cholesky_sqrt(float x) { return sqrtf(x); }
__device__ double cholesky_sqrt(double x) { return sqrt(x); }
__device__ float cholesky_fma(float a, float b, float c) { return fmaf(a, b, c); }
__device__ double cholesky_fma(double a, double b, double c) { return fma(a, b, c); }

// Row `row` of the matrix, or of the right sides that follow it.
template <typename R>
__device__ R* cholesky_row(R* a, R* right, int order, int row) {
    return row < order ? a + row * order : right + (row - order) * order;
}

template <typename R>
__device__ void cholesky_panel_of(R* a, R* right, R* diagonal, unsigned* status, int order, int sides, int first) {
    __shared__ R block[CHOLESKY_BLOCK][CHOLESKY_BLOCK + 1];
    __shared__ R panel[CHOLESKY_ROWS][CHOLESKY_BLOCK + 1];
    __shared__ R pivots[CHOLESKY_BLOCK];
    __shared__ R reciprocals[CHOLESKY_BLOCK];
    const int width = order - first < CHOLESKY_BLOCK ? order - first : CHOLESKY_BLOCK;
    const int thread = threadIdx.x;
    const int lane = thread % CHOLESKY_BLOCK;
    const int group = thread / CHOLESKY_BLOCK;
    const int groups = CHOLESKY_THREADS / CHOLESKY_BLOCK;
    // Outside the matrix the block is the identity.
    for (int i = group; i < CHOLESKY_BLOCK; i += groups) {
        const bool within = i < width && lane <= i;
        const R unit = static_cast<R>(i == lane ? 1 : 0);
        block[i][lane] = within ? a[(first + i) * order + first + lane] : unit;
    }
    const int panel_row = first + width + blockIdx.x * CHOLESKY_ROWS;
    const int rows = order + sides;
    for (int i = group; i < CHOLESKY_ROWS; i += groups) {
        const bool within = panel_row + i < rows && lane < width;
        panel[i][lane] = within ? cholesky_row(a, right, order, panel_row + i)[first + lane] : static_cast<R>(0);
    }
    // Column k is complete when it is reached, so there is one barrier per column; the scaling follows at the end.
    for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
        __syncthreads();
        const R inverse = static_cast<R>(1) / block[k][k];
        if (lane > k) {
            const R right_factor = block[lane][k] * inverse;
            for (int i = group; i < CHOLESKY_BLOCK; i += groups) {
                if (i >= lane) {
                    block[i][lane] = cholesky_fma(-block[i][k], right_factor, block[i][lane]);
                }
            }
        }
    }
    __syncthreads();
    if (thread < CHOLESKY_BLOCK) {
        pivots[thread] = block[thread][thread];
    }
    __syncthreads();
    const R root = cholesky_sqrt(pivots[lane]);
    const R reciprocal = static_cast<R>(1) / root;
    for (int i = group; i < CHOLESKY_BLOCK; i += groups) {
        if (i >= lane) {
            block[i][lane] = i == lane ? root : block[i][lane] * reciprocal;
        }
    }
    if (group == 0) {
        reciprocals[lane] = reciprocal;
    }
    __syncthreads();
    const bool alone = gridDim.x == 1 && panel_row >= rows;
    if (blockIdx.x == 0) {
        for (int i = group; i < width; i += groups) {
            if (lane <= i) {
                R* to = alone ? a + (first + i) * order + first : diagonal + i * CHOLESKY_BLOCK;
                to[lane] = block[i][lane];
            }
        }
        if (thread == 0) {
            unsigned bad = first == 0 ? 0u : status[0];
            for (int k = 0; k < width && bad == 0u; ++k) {
                // Not positive, not finite, or not a number.
                bad = pivots[k] > static_cast<R>(0) && pivots[k] - pivots[k] == static_cast<R>(0)
                          ? 0u
                          : static_cast<unsigned>(first + k + 1);
            }
            status[0] = bad;
        }
    }
    // One thread per row: x L' = b from left to right, in registers.
    if (thread < CHOLESKY_ROWS) {
        R x[CHOLESKY_BLOCK];
#pragma unroll
        for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
            x[k] = panel[thread][k];
        }
#pragma unroll
        for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
            x[k] = x[k] * reciprocals[k];
#pragma unroll
            for (int j = k + 1; j < CHOLESKY_BLOCK; ++j) {
                x[j] = cholesky_fma(-x[k], block[j][k], x[j]);
            }
        }
#pragma unroll
        for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
            panel[thread][k] = x[k];
        }
    }
    __syncthreads();
    for (int i = group; i < CHOLESKY_ROWS; i += groups) {
        if (panel_row + i < rows && lane < width) {
            cholesky_row(a, right, order, panel_row + i)[first + lane] = panel[i][lane];
        }
    }
}

// The diagonal block at column `first`, into `diagonal` [32][32] (into the matrix if it has no rows below), and the rows
// below it. status: 0, or the first invalid pivot + 1. Grid: blocks of 64 rows below, at least one; block 256.
extern "C" __global__ void cholesky_panel_f32(float* a, float* right, float* diagonal, unsigned* status, int order,
                                              int sides, int first) {
    cholesky_panel_of<float>(a, right, diagonal, status, order, sides, first);
}

extern "C" __global__ void cholesky_panel_f64(double* a, double* right, double* diagonal, unsigned* status, int order,
                                              int sides, int first) {
    cholesky_panel_of<double>(a, right, diagonal, status, order, sides, first);
}

template <typename R>
__device__ void cholesky_update_of(R* a, R* right, const R* diagonal, int order, int sides, int first) {
    // Rows have an odd length, so that reads along rows and writes along columns use every bank once.
    __shared__ R left[CHOLESKY_BLOCK][CHOLESKY_TILE + 1];
    __shared__ R top[CHOLESKY_BLOCK][CHOLESKY_TILE + 1];
    const int micro = 4;
    const int side = CHOLESKY_TILE / micro;
    const int thread = threadIdx.y * side + threadIdx.x;
    const int lane = thread % CHOLESKY_BLOCK;
    const int group = thread / CHOLESKY_BLOCK;
    const int groups = CHOLESKY_THREADS / CHOLESKY_BLOCK;
    if (blockIdx.x == 0 && blockIdx.y == 0) {
        for (int i = group; i < CHOLESKY_BLOCK && first + i < order; i += groups) {
            if (lane <= i) {
                a[(first + i) * order + first + lane] = diagonal[i * CHOLESKY_BLOCK + lane];
            }
        }
    }
    if (blockIdx.x > blockIdx.y) {
        return;
    }
    const int next = first + CHOLESKY_BLOCK;
    const int first_row = next + blockIdx.y * CHOLESKY_TILE;
    const int first_column = next + blockIdx.x * CHOLESKY_TILE;
    const int rows = order + sides;
    if (first_column >= order) {
        return;
    }
    for (int i = group; i < CHOLESKY_TILE; i += groups) {
        const int row = first_row + i;
        const int column = first_column + i;
        left[lane][i] = row < rows ? cholesky_row(a, right, order, row)[first + lane] : static_cast<R>(0);
        top[lane][i] = column < order ? a[column * order + first + lane] : static_cast<R>(0);
    }
    __syncthreads();
    R sum[micro][micro];
#pragma unroll
    for (int r = 0; r < micro; ++r) {
#pragma unroll
        for (int c = 0; c < micro; ++c) {
            sum[r][c] = static_cast<R>(0);
        }
    }
#pragma unroll 8
    for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
        R l[micro];
        R t[micro];
#pragma unroll
        for (int j = 0; j < micro; ++j) {
            l[j] = left[k][threadIdx.y * micro + j];
            t[j] = top[k][threadIdx.x + j * side];
        }
#pragma unroll
        for (int r = 0; r < micro; ++r) {
#pragma unroll
            for (int c = 0; c < micro; ++c) {
                sum[r][c] = cholesky_fma(l[r], t[c], sum[r][c]);
            }
        }
    }
#pragma unroll
    for (int r = 0; r < micro; ++r) {
        const int row = first_row + threadIdx.y * micro + r;
#pragma unroll
        for (int c = 0; c < micro; ++c) {
            const int column = first_column + threadIdx.x + c * side;
            if (row < rows && column < order && column <= row) {
                cholesky_row(a, right, order, row)[column] -= sum[r][c];
            }
        }
    }
}

// Subtracts the products of the panel at column `first` from the columns to its right. Grid: (tiles of 64 columns, tiles of 64
// rows) from column and row first + 32 on, at least one; block (16, 16).
extern "C" __global__ void cholesky_update_f32(float* a, float* right, const float* __restrict__ diagonal, int order,
                                               int sides, int first) {
    cholesky_update_of<float>(a, right, diagonal, order, sides, first);
}

extern "C" __global__ void cholesky_update_f64(double* a, double* right, const double* __restrict__ diagonal, int order,
                                               int sides, int first) {
    cholesky_update_of<double>(a, right, diagonal, order, sides, first);
}

template <typename R>
__device__ void cholesky_inverses_of(const R* l, R* inverses, int order) {
    __shared__ R block[CHOLESKY_BLOCK][CHOLESKY_BLOCK + 1];
    const int first = blockIdx.x * CHOLESKY_BLOCK;
    const int lane = threadIdx.x;
    for (int i = 0; i < CHOLESKY_BLOCK; ++i) {
        const bool within = first + i < order && lane <= i;
        block[i][lane] = within ? l[(first + i) * order + first + lane] : static_cast<R>(i == lane ? 1 : 0);
    }
    __syncthreads();
    // One thread per column of the inverse: L x = e, from top to bottom.
    R x[CHOLESKY_BLOCK];
#pragma unroll
    for (int i = 0; i < CHOLESKY_BLOCK; ++i) {
        x[i] = static_cast<R>(i == lane ? 1 : 0);
    }
#pragma unroll
    for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
        x[k] = x[k] / block[k][k];
#pragma unroll
        for (int i = k + 1; i < CHOLESKY_BLOCK; ++i) {
            x[i] = cholesky_fma(-block[i][k], x[k], x[i]);
        }
    }
#pragma unroll
    for (int i = 0; i < CHOLESKY_BLOCK; ++i) {
        inverses[(first + i) * CHOLESKY_BLOCK + lane] = x[i];
    }
}

// The inverses of L's diagonal blocks, [block][32][32], which turn the substitutions into products. Grid: blocks of 32 rows;
// block 32.
extern "C" __global__ void cholesky_inverses_f32(const float* __restrict__ l, float* __restrict__ inverses, int order) {
    cholesky_inverses_of<float>(l, inverses, order);
}

extern "C" __global__ void cholesky_inverses_f64(const double* __restrict__ l, double* __restrict__ inverses, int order) {
    cholesky_inverses_of<double>(l, inverses, order);
}

template <typename R>
__device__ void cholesky_forward_of(const R* l, const R* inverses, R* right, int order) {
    __shared__ R shares[CHOLESKY_BLOCK][CHOLESKY_BLOCK + 1];
    __shared__ R rest[CHOLESKY_BLOCK];
    R* b = right + blockIdx.x * order;
    const int lane = threadIdx.x % CHOLESKY_BLOCK;
    const int line = threadIdx.x / CHOLESKY_BLOCK;
    for (int first = 0; first < order; first += CHOLESKY_BLOCK) {
        // The contribution of the solved unknowns to 32 rows, 32 threads per row.
        for (int i = line; i < CHOLESKY_BLOCK; i += SOLVE_THREADS / CHOLESKY_BLOCK) {
            R sum = 0;
            if (first + i < order) {
                const R* row = l + (first + i) * order;
#pragma unroll 4
                for (int column = lane; column < first; column += CHOLESKY_BLOCK) {
                    sum = cholesky_fma(row[column], b[column], sum);
                }
            }
            shares[i][lane] = sum;
        }
        __syncthreads();
        if (line == 0 && first + lane < order) {
            R total = b[first + lane];
            for (int from = 0; from < CHOLESKY_BLOCK; ++from) {
                total -= shares[lane][from];
            }
            rest[lane] = total;
        } else if (line == 0) {
            rest[lane] = 0;
        }
        __syncthreads();
        if (line == 0 && first + lane < order) {
            R solved = 0;
            for (int k = 0; k <= lane; ++k) {
                solved = cholesky_fma(inverses[(first + lane) * CHOLESKY_BLOCK + k], rest[k], solved);
            }
            b[first + lane] = solved;
        }
        __syncthreads();
    }
}

// b = L^-1 b for each right side. Grid: right sides; block 1024.
extern "C" __global__ void __launch_bounds__(SOLVE_THREADS) cholesky_forward_f32(const float* __restrict__ l, const float* __restrict__ inverses,
                                                float* right, int order) {
    cholesky_forward_of<float>(l, inverses, right, order);
}

extern "C" __global__ void __launch_bounds__(SOLVE_THREADS) cholesky_forward_f64(const double* __restrict__ l, const double* __restrict__ inverses,
                                                double* right, int order) {
    cholesky_forward_of<double>(l, inverses, right, order);
}

template <typename R>
__device__ void cholesky_backward_of(const R* l, const R* inverses, R* right, int order) {
    __shared__ R solved[CHOLESKY_BLOCK];
    R* b = right + blockIdx.x * order;
    const int thread = threadIdx.x;
    for (int first = (order - 1) / CHOLESKY_BLOCK * CHOLESKY_BLOCK; first >= 0; first -= CHOLESKY_BLOCK) {
        const int width = order - first < CHOLESKY_BLOCK ? order - first : CHOLESKY_BLOCK;
        R sum = 0;
        if (thread < width) {
#pragma unroll
            for (int k = 0; k < CHOLESKY_BLOCK; ++k) {
                // The inverse is zero above the diagonal.
                sum = k < width ? cholesky_fma(inverses[(first + k) * CHOLESKY_BLOCK + thread], b[first + k], sum) : sum;
            }
        }
        if (thread < CHOLESKY_BLOCK) {
            solved[thread] = sum;
        }
        __syncthreads();
        if (thread < width) {
            b[first + thread] = sum;
        }
        // The rows just solved contribute to all columns to their left; one thread per column.
        for (int column = thread; column < first; column += SOLVE_THREADS) {
            R value = b[column];
#pragma unroll 16
            for (int k = 0; k < width; ++k) {
                value = cholesky_fma(-l[(first + k) * order + column], solved[k], value);
            }
            b[column] = value;
        }
        __syncthreads();
    }
}

// b = L'^-1 b for each right side. Grid: right sides; block 1024.
extern "C" __global__ void __launch_bounds__(SOLVE_THREADS) cholesky_backward_f32(const float* __restrict__ l, const float* __restrict__ inverses,
                                                 float* right, int order) {
    cholesky_backward_of<float>(l, inverses, right, order);
}

extern "C" __global__ void __launch_bounds__(SOLVE_THREADS) cholesky_backward_f64(const double* __restrict__ l, const double* __restrict__ inverses,
                                                 double* right, int order) {
    cholesky_backward_of<double>(l, inverses, right, order);
}
