// An affine map of all features, its derivatives, and the gradients of its parameters.
//
// Layouts: values [feature][column]; a column is an image or a direction of an image (of image column % images). Parameters
// are flat: bias (out) with `biased`, then kernel (in, out).

const int DENSE_COLUMNS = 32;
const int DENSE_SLICES = 16;
const int DENSE_OUTPUTS = 2;

// sum[j] += this slice's share of sum over i of x[i] * W[i, o + j].
__device__ void dense_correlate(const float* __restrict__ x, int columns, const float* __restrict__ kernel, int inputs,
                                int outputs, int o, int slice, float (&sum)[DENSE_OUTPUTS]) {
    const int last = outputs - 1;
#pragma unroll 4
    for (int i = slice; i < inputs; i += DENSE_SLICES) {
        const float value = x[i * columns];
#pragma unroll
        for (int j = 0; j < DENSE_OUTPUTS; ++j) {
            sum[j] = fmaf(value, kernel[i * outputs + (o + j < last ? o + j : last)], sum[j]);
        }
    }
}

// Adds the slices' shares, first to last, into the first slice's.
__device__ void dense_add_slices(float (&sum)[DENSE_OUTPUTS]) {
    __shared__ float shares[DENSE_OUTPUTS][DENSE_SLICES][DENSE_COLUMNS];
#pragma unroll
    for (int j = 0; j < DENSE_OUTPUTS; ++j) {
        shares[j][threadIdx.y][threadIdx.x] = sum[j];
    }
    __syncthreads();
    if (threadIdx.y == 0) {
#pragma unroll
        for (int j = 0; j < DENSE_OUTPUTS; ++j) {
#pragma unroll
            for (int slice = 1; slice < DENSE_SLICES; ++slice) {
                sum[j] += shares[j][slice][threadIdx.x];
            }
        }
    }
}

// y[o] = b[o] + sum over i of x[i] * W[i, o]; with relu, max(y, 0), and a NaN stays a NaN.
// Grid: (pairs of outputs, blocks of 32 images), block (32, 16); each thread sums a slice of the inputs.
extern "C" __global__ void dense_forward(const float* __restrict__ x, const float* __restrict__ params,
                                         float* __restrict__ y, int images, int relu, int biased, int inputs,
                                         int outputs) {
    const int o = blockIdx.x * DENSE_OUTPUTS;
    const int image = blockIdx.y * DENSE_COLUMNS + threadIdx.x;
    float sum[DENSE_OUTPUTS] = {0.0f, 0.0f};
    const float* kernel = params + (biased ? outputs : 0);
    dense_correlate(x + (image < images ? image : images - 1), images, kernel, inputs, outputs, o, threadIdx.y, sum);
    dense_add_slices(sum);
    if (threadIdx.y == 0 && image < images) {
#pragma unroll
        for (int j = 0; j < DENSE_OUTPUTS; ++j) {
            if (o + j < outputs) {
                const float value = biased ? sum[j] + params[o + j] : sum[j];
                y[(o + j) * images + image] = relu && value <= 0.0f ? 0.0f : value;
            }
        }
    }
}

// Tangents: dy = dx W + x dW + db, multiplied by (y > 0) with `gated`. Direction k's parameter tangents begin at
// dparams + k * direction_stride. Absent tangents: has_dx, has_dparams zero, and any readable pointer.
// Grid: (pairs of outputs, blocks of 32 columns), block (32, 16).
extern "C" __global__ void dense_jvp(const float* __restrict__ x, const float* __restrict__ dx,
                                     const float* __restrict__ params, const float* __restrict__ dparams,
                                     const float* __restrict__ y, float* __restrict__ dy, int images, int columns,
                                     int direction_stride, int has_dx, int has_dparams, int gated, int biased,
                                     int inputs, int outputs) {
    const int biases = biased ? outputs : 0;
    const int o = blockIdx.x * DENSE_OUTPUTS;
    const int column = blockIdx.y * DENSE_COLUMNS + threadIdx.x;
    const int at = column < columns ? column : columns - 1;
    const int image = at % images;
    const float* tangent = dparams + (has_dparams ? at / images * direction_stride : 0);
    float sum[DENSE_OUTPUTS] = {0.0f, 0.0f};
    if (has_dparams) {
        dense_correlate(x + image, images, tangent + biases, inputs, outputs, o, threadIdx.y, sum);
    }
    if (has_dx) {
        dense_correlate(dx + at, columns, params + biases, inputs, outputs, o, threadIdx.y, sum);
    }
    dense_add_slices(sum);
    if (threadIdx.y == 0 && column < columns) {
#pragma unroll
        for (int j = 0; j < DENSE_OUTPUTS; ++j) {
            if (o + j < outputs) {
                const float value = sum[j] + (has_dparams && biased ? tangent[o + j] : 0.0f);
                const bool on = !gated || y[(o + j) * images + image] > 0.0f;
                dy[(o + j) * columns + column] = on ? value : 0.0f;
            }
        }
    }
}

// dx[i] = sum over o of W[i, o] * dy[o], multiplied by (x > 0) with `gated` (x a rectified value); stored, or added with `add`.
// Grid: (tiles of four inputs, blocks of columns).
extern "C" __global__ void dense_vjp_input(const float* __restrict__ params, const float* __restrict__ dy,
                                           const float* __restrict__ x, float* __restrict__ dx, int images, int columns,
                                           int gated, int add, int biased, int inputs, int outputs) {
    const int tile = 4;
    const int i = blockIdx.x * tile;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const float* rows[tile];
    float sum[tile];
#pragma unroll
    for (int j = 0; j < tile; ++j) {
        rows[j] = params + (biased ? outputs : 0) + (i + j < inputs ? i + j : inputs - 1) * outputs;
        sum[j] = 0.0f;
    }
#pragma unroll 4
    for (int o = 0; o < outputs; ++o) {
        const float value = dy[o * columns + column];
#pragma unroll
        for (int j = 0; j < tile; ++j) {
            sum[j] = fmaf(value, rows[j][o], sum[j]);
        }
    }
    const int image = column % images;
#pragma unroll
    for (int j = 0; j < tile; ++j) {
        if (i + j < inputs) {
            const bool on = !gated || x[(i + j) * images + image] > 0.0f;
            const float value = on ? sum[j] : 0.0f;
            float* to = dx + (i + j) * columns + column;
            *to = add ? *to + value : value;
        }
    }
}

// The gradient summed over the images: row 0 is the bias, sum of dy[o]; row 1 + i the kernel's, sum of x[i] * dy[o]. Without
// biases, row i is the kernel's.
// Grid: (tiles of 16 outputs, tiles of 16 rows), block (16, 16).
extern "C" __global__ void dense_vjp_params(const float* __restrict__ x, const float* __restrict__ dy,
                                            float* __restrict__ gradient, int images, int biased, int inputs,
                                            int outputs) {
    const int rows = inputs + (biased ? 1 : 0);
    const int tile = 16;
    const int chunk = 32;
    __shared__ float values[tile][chunk + 1];
    __shared__ float cotangents[tile][chunk + 1];
    const int first_row = blockIdx.y * tile;
    const int first_output = blockIdx.x * tile;
    const int thread = threadIdx.y * tile + threadIdx.x;
    float sum = 0.0f;
    for (int start = 0; start < images; start += chunk) {
        for (int at = thread; at < tile * chunk; at += tile * tile) {
            const int line = at / chunk;
            const int image = start + at % chunk;
            const int row = first_row + line;
            const int output = first_output + line;
            float value = 0.0f;
            if (row < rows && image < images) {
                value = biased && row == 0 ? 1.0f : x[(row - (biased ? 1 : 0)) * images + image];
            }
            values[line][at % chunk] = value;
            cotangents[line][at % chunk] = output < outputs && image < images ? dy[output * images + image] : 0.0f;
        }
        __syncthreads();
#pragma unroll
        for (int at = 0; at < chunk; ++at) {
            sum = fmaf(values[threadIdx.y][at], cotangents[threadIdx.x][at], sum);
        }
        __syncthreads();
    }
    const int row = first_row + threadIdx.y;
    const int output = first_output + threadIdx.x;
    if (row < rows && output < outputs) {
        gradient[row * outputs + output] = sum;
    }
}

// Every column's own gradient [parameter][column]: the bias dy[o], the kernel x[i] * dy[o].
// Grid: (parameters, blocks of columns).
extern "C" __global__ void dense_per_sample_gradients(const float* __restrict__ x, const float* __restrict__ dy,
                                                      float* __restrict__ gradients, int images, int columns,
                                                      int biased, int outputs) {
    const int parameter = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int row = parameter / outputs;
    const float cotangent = dy[parameter % outputs * columns + column];
    const float value = biased && row == 0 ? 1.0f : x[(row - (biased ? 1 : 0)) * images + column % images];
    gradients[parameter * columns + column] = value * cotangent;
}
