// The other computations of the Gauss-Newton systems: products with the kernel, the parts of the published direction, and
// cotangents from the solution. In f32 and f64; vectors of a system are [class or direction][image].

const int SYSTEM_THREADS = 256;

__device__ float system_sqrt(float x) { return sqrtf(x); }
__device__ double system_sqrt(double x) { return sqrt(x); }

// The sum of a block's numbers, in every thread, as a fixed tree.
template <typename R>
__device__ R system_sum(R value) {
    __shared__ R sums[SYSTEM_THREADS];
    __syncthreads();
    sums[threadIdx.x] = value;
    for (int width = SYSTEM_THREADS / 2; width > 0; width /= 2) {
        __syncthreads();
        if (static_cast<int>(threadIdx.x) < width) {
            sums[threadIdx.x] += sums[threadIdx.x + width];
        }
    }
    __syncthreads();
    return sums[0];
}

template <typename R>
__device__ void system_kernel_times(const float* kernel, const R* v, const R* scale, R* to, int order) {
    const int row = blockIdx.x;
    R sum = 0;
    for (int column = threadIdx.x; column < order; column += SYSTEM_THREADS) {
        sum += static_cast<R>(kernel[row * order + column]) * v[column];
    }
    sum = system_sum(sum);
    if (threadIdx.x == 0) {
        to[row] = sum * scale[row];
    }
}

// to = s * (K v), for a kernel with both triangles, in the precision of v. Grid: rows; block 256.
extern "C" __global__ void kernel_times_f32(const float* __restrict__ kernel, const float* __restrict__ v,
                                            const float* __restrict__ scale, float* __restrict__ to, int order) {
    system_kernel_times<float>(kernel, v, scale, to, order);
}

extern "C" __global__ void kernel_times_f64(const float* __restrict__ kernel, const double* __restrict__ v,
                                            const double* __restrict__ scale, double* __restrict__ to, int order) {
    system_kernel_times<double>(kernel, v, scale, to, order);
}

// root = sqrt(p). One thread per number.
extern "C" __global__ void square_root_f32(const float* __restrict__ p, float* __restrict__ root, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        root[at] = system_sqrt(p[at]);
    }
}

extern "C" __global__ void square_root_f64(const double* __restrict__ p, double* __restrict__ root, int length) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        root[at] = system_sqrt(p[at]);
    }
}

template <typename R>
__device__ void system_published_share(const R* s, const R* x, const R* along, R* share, int order, R damping) {
    R x_along = 0;
    R s_s = 0;
    R s_x = 0;
    for (int at = threadIdx.x; at < order; at += SYSTEM_THREADS) {
        x_along += x[at] * along[at];
        s_s += s[at] * s[at];
        s_x += s[at] * x[at];
    }
    x_along = system_sum(x_along);
    s_s = system_sum(s_s);
    s_x = system_sum(s_x);
    if (threadIdx.x == 0) {
        share[0] = x_along / (static_cast<R>(1) - s_s + damping * s_x);
    }
}

// share = x.along / (1 - s.s + damping * s.x): the factor of the published direction's rank-one correction.
// One block of 256.
extern "C" __global__ void published_share_f32(const float* __restrict__ s, const float* __restrict__ x,
                                               const float* __restrict__ along, float* __restrict__ share, int order,
                                               float damping) {
    system_published_share<float>(s, x, along, share, order, damping);
}

extern "C" __global__ void published_share_f64(const double* __restrict__ s, const double* __restrict__ x,
                                               const double* __restrict__ along, double* __restrict__ share, int order,
                                               double damping) {
    system_published_share<double>(s, x, along, share, order, damping);
}

template <typename R>
__device__ void system_published_cotangent(const R* residual, const R* s, const R* y, const R* x, const R* share,
                                           float* w, int order, R damping) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < order) {
        w[at] = static_cast<float>((residual[at] - s[at] * y[at]) / damping + s[at] * x[at] * share[0]);
    }
}

// w = (residual - s * y) / damping + s * x * share, rounded to f32: the published direction's cotangent. One thread per number.
extern "C" __global__ void published_cotangent_f32(const float* __restrict__ residual, const float* __restrict__ s,
                                                   const float* __restrict__ y, const float* __restrict__ x,
                                                   const float* __restrict__ share, float* __restrict__ w, int order,
                                                   float damping) {
    system_published_cotangent<float>(residual, s, y, x, share, w, order, damping);
}

extern "C" __global__ void published_cotangent_f64(const double* __restrict__ residual, const double* __restrict__ s,
                                                   const double* __restrict__ y, const double* __restrict__ x,
                                                   const double* __restrict__ share, float* __restrict__ w, int order,
                                                   double damping) {
    system_published_cotangent<double>(residual, s, y, x, share, w, order, damping);
}

template <typename R>
__device__ void system_factors_times(const R* factors, const R* y, float* w, int images, int directions) {
    const int c = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image < images) {
        const int columns = directions * images;
        R sum = 0;
        for (int k = 0; k < directions; ++k) {
            sum += factors[c * columns + k * images + image] * y[k * images + image];
        }
        w[c * images + image] = static_cast<float>(sum);
    }
}

// w[c][i] = sum over k of factors[c][k * images + i] * y[k * images + i], rounded to f32. Grid: (classes, blocks of images).
extern "C" __global__ void factors_times_f32(const float* __restrict__ factors, const float* __restrict__ y,
                                             float* __restrict__ w, int images, int directions) {
    system_factors_times<float>(factors, y, w, images, directions);
}

extern "C" __global__ void factors_times_f64(const double* __restrict__ factors, const double* __restrict__ y,
                                             float* __restrict__ w, int images, int directions) {
    system_factors_times<double>(factors, y, w, images, directions);
}

// cotangents[c][k * images + i] = 1 if c is k, else 0: the directions of the kernel J J', one per class.
// Grid: (classes, blocks of columns).
extern "C" __global__ void unit_directions(float* __restrict__ cotangents, int images, int classes) {
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    const int columns = classes * images;
    if (column < columns) {
        cotangents[blockIdx.x * columns + column] = column / images == static_cast<int>(blockIdx.x) ? 1.0f : 0.0f;
    }
}
