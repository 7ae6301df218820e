// Adam's update, with AdamW's decoupled weight decay. One thread per parameter.

// base^exponent by squaring, as the bias corrections need it.
__device__ double adam_power(double base, unsigned exponent) {
    double power = 1.0;
    for (double square = base; exponent > 0u; exponent >>= 1, square *= square) {
        if (exponent & 1u) {
            power *= square;
        }
    }
    return power;
}

// m = beta1 * m + (1 - beta1) * g, v = beta2 * v + (1 - beta2) * g^2, and
// p = p - rate * (m' / (sqrt(v') + epsilon) + decay * p), m' = m / (1 - beta1^t), v' = v / (1 - beta2^t), with the number t
// of this step, 1 for the first, in steps[0]. Both moments are zero before the first step.
extern "C" __global__ void adam_update(float* __restrict__ params, const float* __restrict__ gradient,
                                       float* __restrict__ first, float* __restrict__ second,
                                       const unsigned* __restrict__ steps, int length, double beta1, double beta2,
                                       float rate, float epsilon, float decay) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= length) {
        return;
    }
    const float scale1 = static_cast<float>(1.0 - adam_power(beta1, steps[0]));
    const float scale2 = static_cast<float>(1.0 - adam_power(beta2, steps[0]));
    const float g = gradient[at];
    const float m = static_cast<float>(beta1) * first[at] + static_cast<float>(1.0 - beta1) * g;
    const float v = static_cast<float>(beta2) * second[at] + static_cast<float>(1.0 - beta2) * g * g;
    first[at] = m;
    second[at] = v;
    const float p = params[at];
    params[at] = p - rate * ((m / scale1) / (sqrtf(v / scale2) + epsilon) + decay * p);
}
