// The fast gradient sign method's step. One thread per pixel.

// y = x + epsilon * sign(g), sign(0) = 0; with `clip`, clipped to 0 to 1.
extern "C" __global__ void fgsm(const float* __restrict__ x, const float* __restrict__ gradient, float* __restrict__ y,
                                int length, int clip, float epsilon) {
    const int at = blockIdx.x * blockDim.x + threadIdx.x;
    if (at < length) {
        const float g = gradient[at];
        const float sign = g > 0.0f ? 1.0f : g < 0.0f ? -1.0f : 0.0f;
        const float moved = x[at] + epsilon * sign;
        y[at] = clip ? fminf(fmaxf(moved, 0.0f), 1.0f) : moved;
    }
}
