// Softmax cross-entropy of logits a [class][image], with p = softmax(a) and label y: its residual r = p - onehot(y), its
// loss log(sum over c of exp(a[c])) - a[y], and the factors of its Hessian diag(p) - p p'. One thread per image.

const int LOSS_THREADS = 256;

template <typename R>
__device__ R softmax_largest(const float* __restrict__ logits, int images, int classes) {
    // A NaN makes the sum of exponentials NaN, whether it is found here or not.
    R largest = static_cast<R>(logits[0]);
    for (int c = 1; c < classes; ++c) {
        const R a = static_cast<R>(logits[c * images]);
        largest = a > largest ? a : largest;
    }
    return largest;
}

__device__ float softmax_exp(float x) { return expf(x); }
__device__ double softmax_exp(double x) { return exp(x); }
__device__ float softmax_sqrt(float x) { return sqrtf(x); }
__device__ double softmax_sqrt(double x) { return sqrt(x); }

// scale * p, or scale * (p - onehot(label)) if the label names a class. The label's entry is minus the sum of the others,
// because p - 1 cancels if p is nearly 1.
template <typename R>
__device__ void softmax_of_image(const float* __restrict__ logits, R* __restrict__ p, int images, int classes, int label,
                                 R scale) {
    const R largest = softmax_largest<R>(logits, images, classes);
    R sum = 0;
    for (int c = 0; c < classes; ++c) {
        sum += softmax_exp(static_cast<R>(logits[c * images]) - largest);
    }
    R others = 0;
    for (int c = 0; c < classes; ++c) {
        const R value = softmax_exp(static_cast<R>(logits[c * images]) - largest) / sum;
        others += c == label ? static_cast<R>(0) : value;
        p[c * images] = value * scale;
    }
    if (label >= 0 && label < classes) {
        p[label * images] = -others * scale;
    }
}

// p = softmax(logits), [class][image]. Grid: blocks of images.
extern "C" __global__ void softmax_f32(const float* __restrict__ logits, float* __restrict__ p, int images, int classes) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image < images) {
        softmax_of_image<float>(logits + image, p + image, images, classes, -1, 1.0f);
    }
}

extern "C" __global__ void softmax_f64(const float* __restrict__ logits, double* __restrict__ p, int images, int classes) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image < images) {
        softmax_of_image<double>(logits + image, p + image, images, classes, -1, 1.0);
    }
}

// r = scale * (softmax(logits) - onehot(label)), [class][image]. Grid: blocks of images.
extern "C" __global__ void softmax_residual_f32(const float* __restrict__ logits, const unsigned* __restrict__ labels,
                                                float* __restrict__ residual, int images, int classes, float scale) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image < images) {
        softmax_of_image<float>(logits + image, residual + image, images, classes, static_cast<int>(labels[image]), scale);
    }
}

extern "C" __global__ void softmax_residual_f64(const float* __restrict__ logits, const unsigned* __restrict__ labels,
                                                double* __restrict__ residual, int images, int classes, double scale) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image < images) {
        softmax_of_image<double>(logits + image, residual + image, images, classes, static_cast<int>(labels[image]), scale);
    }
}

// to = scale * (p * t - p * <p, t>), the Hessian of each image's loss times a tangent t of its logits, [class][image], from
// probabilities. Grid: blocks of images.
extern "C" __global__ void softmax_hessian(const float* __restrict__ p, const float* __restrict__ tangent,
                                           float* __restrict__ to, int images, int classes, float scale) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    // The Hessian maps constants to 0. Without the top class's tangent, no difference below cancels if its probability is about 1.
    int top = 0;
    for (int c = 1; c < classes; ++c) {
        top = p[c * images + image] > p[top * images + image] ? c : top;
    }
    const float of_top = tangent[top * images + image];
    float mean = 0.0f;
    for (int c = 0; c < classes; ++c) {
        mean = fmaf(p[c * images + image], tangent[c * images + image] - of_top, mean);
    }
    for (int c = 0; c < classes; ++c) {
        const int at = c * images + image;
        to[at] = scale * p[at] * ((tangent[at] - of_top) - mean);
    }
}

// One image's loss, NaN for a label that names no class, and whether its label's logit is the largest (the first of several
// equal ones; never if there is a NaN). With the top class t the loss is (a[t] - a[y]) + log1p(sum over the others of
// exp(a[c] - a[t])), so that no rounding of a large logit affects a small loss.
struct SoftmaxLoss {
    float loss;
    bool correct;

    __device__ SoftmaxLoss(const float* __restrict__ a, int label, int images, int classes) {
        int top = 0;
        bool has_nan = false;
        for (int c = 0; c < classes; ++c) {
            const float value = a[c * images];
            has_nan = has_nan || value != value;
            top = value > a[top * images] ? c : top;
        }
        const float largest = a[top * images];
        float others = 0.0f;
        for (int c = 0; c < classes; ++c) {
            others += c == top ? 0.0f : expf(a[c * images] - largest);
        }
        const bool named = label >= 0 && label < classes;
        loss = named ? (largest - a[label * images]) + log1pf(others) : nanf("");
        correct = !has_nan && top == label;
    }
};

// Each image's loss, and 1 if it is classified correctly, else 0. Grid: blocks of images.
extern "C" __global__ void softmax_loss(const float* __restrict__ logits, const unsigned* __restrict__ labels,
                                        float* __restrict__ losses, unsigned* __restrict__ correct, int images,
                                        int classes) {
    const int image = blockIdx.x * blockDim.x + threadIdx.x;
    if (image < images) {
        const SoftmaxLoss of_image(logits + image, static_cast<int>(labels[image]), images, classes);
        losses[image] = of_image.loss;
        correct[image] = of_image.correct ? 1u : 0u;
    }
}

// Adds the block's losses to total[0] and its counts to total[1], in a fixed order.
__device__ void loss_add(double loss, double count, double* total) {
    __shared__ double sums[2][LOSS_THREADS];
    const int thread = threadIdx.x;
    sums[0][thread] = loss;
    sums[1][thread] = count;
    for (int width = LOSS_THREADS / 2; width > 0; width /= 2) {
        __syncthreads();
        if (thread < width) {
            sums[0][thread] += sums[0][thread + width];
            sums[1][thread] += sums[1][thread + width];
        }
    }
    if (thread == 0) {
        total[0] += sums[0][0];
        total[1] += sums[1][0];
    }
}

// total[0] += sum of the losses, total[1] += number of correct images. One block of 256 threads.
extern "C" __global__ void loss_accumulate(const float* __restrict__ losses, const unsigned* __restrict__ correct,
                                           double* __restrict__ total, int images) {
    double loss = 0.0;
    double count = 0.0;
    for (int image = threadIdx.x; image < images; image += LOSS_THREADS) {
        loss += static_cast<double>(losses[image]);
        count += static_cast<double>(correct[image]);
    }
    loss_add(loss, count, total);
}

// A training step's loss in one launch: the residual times scale, and the sums of losses and correct images added to total.
// One block of 256 threads.
extern "C" __global__ void softmax_training(const float* __restrict__ logits, const unsigned* __restrict__ labels,
                                            float* __restrict__ residual, double* __restrict__ total, int images,
                                            int classes, float scale) {
    double loss = 0.0;
    double count = 0.0;
    for (int image = threadIdx.x; image < images; image += LOSS_THREADS) {
        const int label = static_cast<int>(labels[image]);
        const SoftmaxLoss of_image(logits + image, label, images, classes);
        loss += static_cast<double>(of_image.loss);
        count += of_image.correct ? 1.0 : 0.0;
        softmax_of_image<float>(logits + image, residual + image, images, classes, label, scale);
    }
    loss_add(loss, count, total);
}

// An orthonormal basis of the complement of s = sqrt(p), for one image, from the Householder reflection that takes s to the
// unit vector of the likeliest class. Probabilities are bounded below by the least normal float: an underflow would give an
// infinite coefficient, and the factors of a system in double are rounded to float for the Gram matrix.
template <typename R>
struct SoftmaxBasis {
    const R* p;
    int images;
    int top;

    __device__ SoftmaxBasis(const R* of, int count, int classes) : p(of), images(count), top(0) {
        bool has_nan = false;
        for (int c = 0; c < classes; ++c) {
            const R value = p[c * images];
            has_nan = has_nan || value != value;
            top = value > p[top * images] ? c : top;
        }
        top = has_nan ? 0 : top;
    }

    __device__ R s(int c) const {
        const R least = static_cast<R>(1.17549435e-38f);
        const R value = p[c * images];
        return softmax_sqrt(value > least ? value : least);
    }

    // q_k[c].
    __device__ R entry(int k, int c) const {
        const int column = k < top ? k : k + 1;
        const R along = s(column) / (static_cast<R>(1) + s(top));
        const R both = s(c) + static_cast<R>(c == top ? 1 : 0);
        return static_cast<R>(c == column ? 1 : 0) - along * both;
    }
};

template <typename R>
__device__ void softmax_factors(const R* p, R* factors, float* narrow, int images, int classes, R scale) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    const int columns = (classes - 1) * images;
    if (column >= columns) {
        return;
    }
    const int k = column / images;
    const SoftmaxBasis<R> basis(p + column % images, images, classes);
    for (int c = 0; c < classes; ++c) {
        const R value = basis.s(c) * basis.entry(k, c) * scale;
        factors[c * columns + column] = value;
        if (narrow) {
            narrow[c * columns + column] = static_cast<float>(value);
        }
    }
}

// factors[c][k * images + i] = scale * s[c] * q_k[c] of image i, for k below classes - 1: the columns of a square root of
// the Hessian, times scale. The f64 kernel also writes them rounded. Grid: blocks of columns.
extern "C" __global__ void hessian_factors_f32(const float* __restrict__ p, float* __restrict__ factors, int images,
                                               int classes, float scale) {
    softmax_factors<float>(p, factors, nullptr, images, classes, scale);
}

extern "C" __global__ void hessian_factors_f64(const double* __restrict__ p, double* __restrict__ factors,
                                               float* __restrict__ narrow, int images, int classes, double scale) {
    softmax_factors<double>(p, factors, narrow, images, classes, scale);
}

template <typename R>
__device__ void softmax_coefficients(const R* p, const unsigned* labels, R* coefficients, int images, int classes,
                                     R scale) {
    const int column = blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= (classes - 1) * images) {
        return;
    }
    const int label = static_cast<int>(labels[column % images]);
    R value = static_cast<R>(nanf(""));
    if (label >= 0 && label < classes) {
        const SoftmaxBasis<R> basis(p + column % images, images, classes);
        value = -basis.entry(column / images, label) / basis.s(label) * scale;
    }
    coefficients[column] = value;
}

// coefficients[k * images + i] = -scale * q_k[y] / s[y]: the coefficients of the residual p - onehot(y), times scale. NaN for a
// label that names no class. Grid: blocks of columns.
extern "C" __global__ void residual_in_factors_f32(const float* __restrict__ p, const unsigned* __restrict__ labels,
                                                   float* __restrict__ coefficients, int images, int classes,
                                                   float scale) {
    softmax_coefficients<float>(p, labels, coefficients, images, classes, scale);
}

extern "C" __global__ void residual_in_factors_f64(const double* __restrict__ p, const unsigned* __restrict__ labels,
                                                   double* __restrict__ coefficients, int images, int classes,
                                                   double scale) {
    softmax_coefficients<double>(p, labels, coefficients, images, classes, scale);
}
