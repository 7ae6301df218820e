// Stochastic gradient descent's update. One thread per parameter.

// Without momentum: p = p - rate * (g + decay * p).
extern "C" __global__ void sgd_plain(float* __restrict__ params, const float* __restrict__ gradient, int length,
                                     float rate, float decay) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        const float p = params[at];
        params[at] = p - rate * (gradient[at] + decay * p);
    }
}

// With momentum: g = g + decay * p, v = momentum * v + g, p = p - rate * v, or p - rate * (g + momentum * v) with
// `nesterov`. The velocity v is zero before the first step.
extern "C" __global__ void sgd_momentum(float* __restrict__ params, const float* __restrict__ gradient,
                                        float* __restrict__ velocity, int length, int nesterov, float rate, float decay,
                                        float momentum) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        const float p = params[at];
        const float g = gradient[at] + decay * p;
        const float v = momentum * velocity[at] + g;
        velocity[at] = v;
        params[at] = p - rate * (nesterov ? g + momentum * v : v);
    }
}
