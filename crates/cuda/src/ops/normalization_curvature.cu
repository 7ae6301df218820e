// How a normalisation's reverse pass changes along tangents.

// A set's projections of the tangents dx (`moving`) and of h = scale * dy (`fixed`), at one image.
struct NormCrossing {
    NormSet of;
    NormProjection moving, fixed;

    __device__ NormCrossing(const float* statistics, const float* of_dx, const float* of_h, const NormShape& s, int set,
                            int images, int image)
        : of(statistics, s, set, images, image),
          moving(of_dx, s, set, images, image),
          fixed(of_h, s, set, images, image) {}
};

// The sums of (J dx) (h - m(h)) over each part of each set, partial[part][set][image], for h = scale * dy.
// Grid: (sets * parts, blocks of 32 images), block (32, 8).
extern "C" __global__ void norm_crossed_parts(const float* __restrict__ x, const float* __restrict__ statistics,
                                              const float* __restrict__ params, const float* __restrict__ dx,
                                              const float* __restrict__ of_dx, const float* __restrict__ dy,
                                              const float* __restrict__ of_h, float* __restrict__ partial, int images,
                                              int parts, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int set = blockIdx.x % s.sets();
    const int part = blockIdx.x / s.sets();
    const int image = blockIdx.y * NORM_COLUMNS + threadIdx.x;
    const int at = image < images ? image : images - 1;
    const NormCrossing crossing(statistics, of_dx, of_h, s, set, images, at);
    float sum = 0.0f;
    for (NormWalk walk(s, set, part, parts, threadIdx.y); walk.more(); walk.next()) {
        const int feature = walk.feature(s);
        const float normalised = crossing.of.normalised(x[feature * images + at]);
        const float tangent = crossing.moving.jacobian(crossing.of, normalised, dx[feature * images + at]);
        const float h = dy[feature * images + at] * s.scale(params, s.channel(feature));
        sum = fmaf(tangent, h - crossing.fixed.mean, sum);
    }
    sum = norm_sum(sum);
    if (threadIdx.y == 0 && image < images) {
        partial[(part * s.sets() + set) * images + image] = sum;
    }
}

// to += the change of J h along dx with h = scale * dy fixed: -r * (m(n dx) * J h + (J dx) * m(n h) + n * m((J dx) h)), with
// the sums of norm_crossed_parts. Grid: (features, blocks of images).
extern "C" __global__ void norm_curvature(const float* __restrict__ x, const float* __restrict__ statistics,
                                          const float* __restrict__ params, const float* __restrict__ dx,
                                          const float* __restrict__ of_dx, const float* __restrict__ dy,
                                          const float* __restrict__ of_h, const float* __restrict__ partial,
                                          float* __restrict__ to, int images, int parts, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const int set = s.set(feature);
    const NormCrossing crossing(statistics, of_dx, of_h, s, set, images, image);
    float crossed = 0.0f;
    for (int part = 0; part < parts; ++part) {
        crossed += partial[(part * s.sets() + set) * images + image];
    }
    crossed /= static_cast<float>(s.count());
    const int at = feature * images + image;
    const float normalised = crossing.of.normalised(x[at]);
    const float h = dy[at] * s.scale(params, s.channel(feature));
    const float by_root = crossing.moving.along * crossing.fixed.jacobian(crossing.of, normalised, h);
    const float tangent = crossing.moving.jacobian(crossing.of, normalised, dx[at]);
    const float by_normalised = fmaf(normalised, crossed, tangent * crossing.fixed.along);
    to[at] -= crossing.of.root * (by_root + by_normalised);
}
