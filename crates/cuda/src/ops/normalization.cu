// The values of a normalisation, its statistics, and its derivatives with respect to values.

// The mean of each part of each set, and the sum of the squared distances from it: partial[part][2][set][image].
// Grid: (sets * parts, blocks of 32 images), block (32, 8).
extern "C" __global__ void norm_moments(const float* __restrict__ x, float* __restrict__ partial, int images, int parts,
                                        NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int set = blockIdx.x % s.sets();
    const int part = blockIdx.x / s.sets();
    const int image = blockIdx.y * NORM_COLUMNS + threadIdx.x;
    const int at = image < images ? image : images - 1;
    float mean = 0.0f;
    if (s.centred) {
        float sum = 0.0f;
        for (NormWalk walk(s, set, part, parts, threadIdx.y); walk.more(); walk.next()) {
            sum += x[walk.feature(s) * images + at];
        }
        const int count = s.begin(part + 1, parts) - s.begin(part, parts);
        mean = norm_sum(sum) / static_cast<float>(count > 0 ? count : 1);
    }
    float squares = 0.0f;
    for (NormWalk walk(s, set, part, parts, threadIdx.y); walk.more(); walk.next()) {
        const float apart = x[walk.feature(s) * images + at] - mean;
        squares = fmaf(apart, apart, squares);
    }
    squares = norm_sum(squares);
    if (threadIdx.y == 0 && image < images) {
        float* to = partial + (2 * part * s.sets() + set) * images + image;
        to[0] = mean;
        to[s.sets() * images] = squares;
    }
}

// The statistics of each set from its parts (Chan, Golub & LeVeque 1983, equation 2.1). Grid: (sets, blocks of images).
extern "C" __global__ void norm_statistics(const float* __restrict__ partial, float* __restrict__ statistics, int images,
                                           int parts, float epsilon, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int set = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    float mean = 0.0f;
    float squares = 0.0f;
    for (int part = 0; part < parts; ++part) {
        const float* of = partial + (2 * part * s.sets() + set) * images + image;
        const float before = static_cast<float>(s.begin(part, parts));
        const float own = static_cast<float>(s.begin(part + 1, parts)) - before;
        if (own > 0.0f) {
            const float apart = of[0] - mean;
            mean += apart * (own / (before + own));
            squares += of[s.sets() * images] + apart * apart * (before * own / (before + own));
        }
    }
    statistics[set * images + image] = mean;
    statistics[(s.sets() + set) * images + image] =
        1.0f / sqrtf(squares / static_cast<float>(s.count()) + epsilon);
}

// y = scale * n + shift; with relu, max(y, 0), and a NaN stays a NaN. Grid: (features, blocks of images).
extern "C" __global__ void norm_forward(const float* __restrict__ x, const float* __restrict__ statistics,
                                        const float* __restrict__ params, float* __restrict__ y, int images, int relu,
                                        NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int image = blockIdx.y * blockDim.x + threadIdx.x;
    if (image >= images) {
        return;
    }
    const NormSet of(statistics, s, s.set(feature), images, image);
    const int c = s.channel(feature);
    const float value =
        fmaf(of.normalised(x[feature * images + image]), s.scale(params, c), s.shift(params, c));
    y[feature * images + image] = relu && value <= 0.0f ? 0.0f : value;
}

// The sums of h and of n h over each part of each set, with h = d, or d times the channel's scale in `factors` with `by_scale`:
// partial[part][2][set][column]. Grid: (sets * parts, blocks of 32 columns), block (32, 8).
extern "C" __global__ void norm_projection_parts(const float* __restrict__ x, const float* __restrict__ statistics,
                                                 const float* __restrict__ factors, const float* __restrict__ d,
                                                 float* __restrict__ partial, int images, int columns, int parts,
                                                 int by_scale, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int set = blockIdx.x % s.sets();
    const int part = blockIdx.x / s.sets();
    const int column = blockIdx.y * NORM_COLUMNS + threadIdx.x;
    const NormColumn at(column < columns ? column : columns - 1, images);
    const NormSet of(statistics, s, set, images, at.image);
    float sum = 0.0f;
    float along = 0.0f;
    for (NormWalk walk(s, set, part, parts, threadIdx.y); walk.more(); walk.next()) {
        const int feature = walk.feature(s);
        float h = d[feature * columns + at.column];
        if (by_scale) {
            h *= s.scale(factors, s.channel(feature));
        }
        sum += h;
        along = fmaf(of.normalised(x[feature * images + at.image]), h, along);
    }
    sum = norm_sum(sum);
    along = norm_sum(along);
    if (threadIdx.y == 0 && column < columns) {
        float* to = partial + (2 * part * s.sets() + set) * columns + column;
        to[0] = sum;
        to[s.sets() * columns] = along;
    }
}

// The projections of each set from its parts. Grid: (sets, blocks of columns).
extern "C" __global__ void norm_projection(const float* __restrict__ partial, float* __restrict__ projection, int columns,
                                           int parts, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int set = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    float sum = 0.0f;
    float along = 0.0f;
    for (int part = 0; part < parts; ++part) {
        const float* of = partial + (2 * part * s.sets() + set) * columns + column;
        sum += of[0];
        along += of[s.sets() * columns];
    }
    const float share = 1.0f / static_cast<float>(s.count());
    projection[set * columns + column] = s.centred ? sum * share : 0.0f;
    projection[(s.sets() + set) * columns + column] = along * share;
}

// dx = J (scale * dy), from the projection of scale * dy; stored, or added with `add`. `factors` holds the scales, if the
// operation has them. Grid: (features, blocks of columns).
extern "C" __global__ void norm_vjp_input(const float* __restrict__ x, const float* __restrict__ statistics,
                                          const float* __restrict__ factors, const float* __restrict__ dy,
                                          const float* __restrict__ projection, float* __restrict__ dx, int images,
                                          int columns, int add, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int set = s.set(feature);
    const NormSet of(statistics, s, set, images, image);
    const NormProjection projected(projection, s, set, columns, column);
    const float h = dy[feature * columns + column] * s.scale(factors, s.channel(feature));
    const float d = projected.jacobian(of, of.normalised(x[feature * images + image]), h);
    float* to = dx + feature * columns + column;
    *to = add ? *to + d : d;
}

// dy = scale * J dx + dscale * n + dshift, from the projection of dx. Direction k's parameter tangents begin at dparams +
// k * direction_stride. Absent tangents: has_dx, has_dparams zero, and any readable pointer.
// Grid: (features, blocks of columns).
extern "C" __global__ void norm_jvp(const float* __restrict__ x, const float* __restrict__ statistics,
                                    const float* __restrict__ params, const float* __restrict__ dparams,
                                    const float* __restrict__ dx, const float* __restrict__ projection,
                                    float* __restrict__ dy, int images, int columns, int direction_stride, int has_dx,
                                    int has_dparams, NORM_SHAPE) {
    const NormShape s = NORM_SHAPE_OF_ARGUMENTS;
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column >= columns) {
        return;
    }
    const int image = column % images;
    const int set = s.set(feature);
    const int c = s.channel(feature);
    const NormSet of(statistics, s, set, images, image);
    const float normalised = of.normalised(x[feature * images + image]);
    float tangent = 0.0f;
    if (has_dparams) {
        const float* moving = dparams + column / images * direction_stride;
        tangent = fmaf(normalised, s.scaled ? s.scale(moving, c) : 0.0f, s.shift(moving, c));
    }
    if (has_dx) {
        const NormProjection projected(projection, s, set, columns, column);
        const float d = projected.jacobian(of, normalised, dx[feature * columns + column]);
        tangent = fmaf(d, s.scale(params, c), tangent);
    }
    dy[feature * columns + column] = tangent;
}
