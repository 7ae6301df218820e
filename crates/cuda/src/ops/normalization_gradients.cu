// Gradients of a normalisation's scales and shifts: for each column, or summed over the images.

// For each channel and column, the sums of dy and of f dy over the places, with f = n, or f = J dx with `moving`.
struct NormGradient {
    float shift, scale;

    __device__ void add(const NormShape& s, const float* x, const float* statistics, const float* dx,
                        const float* projection, const float* dy, const NormColumn& at, int images, int columns,
                        int feature, int moving) {
        const int set = s.set(feature);
        const NormSet of(statistics, s, set, images, at.image);
        const float normalised = of.normalised(x[feature * images + at.image]);
        const float d = dy[feature * columns + at.column];
        float factor = normalised;
        if (moving) {
            const NormProjection projected(projection, s, set, columns, at.column);
            factor = projected.jacobian(of, normalised, dx[feature * columns + at.column]);
        }
        shift += d;
        scale = fmaf(factor, d, scale);
    }
};

// The gradient summed over all images and a part of the places, [part][parameter]. With `moving`, its change along the tangents
// dx of the input, with their projection: the shifts' is zero. Grid: (channels, parts), block (32, 8).
extern "C" __global__ void norm_vjp_params(const float* __restrict__ x, const float* __restrict__ statistics,
                                           const float* __restrict__ dx, const float* __restrict__ projection,
                                           const float* __restrict__ dy, float* __restrict__ partial, int images,
                                           int moving, NORM_SHAPE) {
    const int threads = NORM_COLUMNS * NORM_SLICES;
    __shared__ float sums[2][threads];
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int c = blockIdx.x;
    const int thread = threadIdx.y * NORM_COLUMNS + threadIdx.x;
    NormGradient sum = {0.0f, 0.0f};
    for (int place = blockIdx.y * NORM_SLICES + threadIdx.y; place < s.outer * s.places;
         place += gridDim.y * NORM_SLICES) {
        for (int image = threadIdx.x; image < images; image += NORM_COLUMNS) {
            const NormColumn at(image, images);
            sum.add(s, x, statistics, dx, projection, dy, at, images, images, place * s.channels() + c, moving);
        }
    }
    sums[0][thread] = sum.shift;
    sums[1][thread] = sum.scale;
    for (int width = threads / 2; width > 0; width /= 2) {
        __syncthreads();
        if (thread < width) {
            sums[0][thread] += sums[0][thread + width];
            sums[1][thread] += sums[1][thread + width];
        }
    }
    if (thread == 0) {
        const int shifts = s.shifted ? s.channels() : 0;
        float* to = partial + blockIdx.y * (shifts + (s.scaled ? s.channels() : 0));
        if (s.shifted) {
            to[c] = moving ? 0.0f : sums[0][0];
        }
        if (s.scaled) {
            to[shifts + c] = sums[1][0];
        }
    }
}

// Every column's own gradient, [parameter][column]. Grid: (channels, blocks of 32 columns), block (32, 8).
extern "C" __global__ void norm_per_sample_gradients(const float* __restrict__ x, const float* __restrict__ statistics,
                                                     const float* __restrict__ dy, float* __restrict__ gradients,
                                                     int images, int columns, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int c = blockIdx.x;
    const int column = blockIdx.y * NORM_COLUMNS + threadIdx.x;
    const NormColumn at(column < columns ? column : columns - 1, images);
    NormGradient sum = {0.0f, 0.0f};
    for (int place = threadIdx.y; place < s.outer * s.places; place += NORM_SLICES) {
        sum.add(s, x, statistics, x, x, dy, at, images, columns, place * s.channels() + c, 0);
    }
    const float shift = norm_sum(sum.shift);
    const float scale = norm_sum(sum.scale);
    if (threadIdx.y == 0 && column < columns) {
        if (s.shifted) {
            gradients[c * columns + column] = shift;
        }
        if (s.scaled) {
            gradients[((s.shifted ? s.channels() : 0) + c) * columns + column] = scale;
        }
    }
}
