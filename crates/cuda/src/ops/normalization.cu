// Normalisation over sets of a value's numbers, with a scale and a shift for each channel.
//
// Layout: values [(outer, place, group, channel of the group)][column]; a column is an image or a direction of an image (of image
// column % images). The numbers of one outer index and one group are a set. Parameters are flat: shift (channels) if there are
// shifts, scale (channels) if there are scales. With the mean m over a set, the normalised numbers are n = r * (x - m(x)), r =
// 1 / sqrt(m((x - m(x))^2) + epsilon), and J d = r * (d - m(d) - n * m(n * d)) is their derivative along d. Without `centred`,
// m(x) and m(d) are taken as 0.
//
// Statistics are [2][set][image]: the means, then the numbers r. Projections of numbers d are [2][set][column]: m(d), then m(n d).
// A set is summed in parts by different blocks, and the parts are added in order.

const int NORM_COLUMNS = 32;
const int NORM_SLICES = 8;

struct NormShape {
    int outer, places, groups, size, shifted, scaled, centred;

    __device__ int channels() const { return groups * size; }
    __device__ int sets() const { return outer * groups; }
    __device__ int count() const { return places * size; }
    __device__ int channel(int feature) const { return feature % channels(); }
    __device__ int set(int feature) const {
        const int place = feature / channels();
        return place / places * groups + feature % channels() / size;
    }
    // A channel's scale and shift.
    __device__ float scale(const float* params, int channel) const {
        return scaled ? params[(shifted ? channels() : 0) + channel] : 1.0f;
    }
    __device__ float shift(const float* params, int channel) const { return shifted ? params[channel] : 0.0f; }
    // The first number of a part of a set, and the first of the next.
    __device__ int begin(int part, int parts) const {
        const int each = (count() + parts - 1) / parts;
        return part * each < count() ? part * each : count();
    }
};

// Every eighth number of a part of a set, from one of the first eight on.
struct NormWalk {
    int at, end, place, channel, size;

    __device__ NormWalk(const NormShape& s, int set, int part, int parts, int slice)
        : at(s.begin(part, parts) + slice), end(s.begin(part + 1, parts)), size(s.size) {
        place = set / s.groups * s.places + at / size;
        channel = at % size;
        first = set % s.groups * size;
    }
    __device__ bool more() const { return at < end; }
    __device__ int feature(const NormShape& s) const { return place * s.channels() + first + channel; }
    __device__ void next() {
        at += NORM_SLICES;
        place += NORM_SLICES / size;
        channel += NORM_SLICES % size;
        if (channel >= size) {
            channel -= size;
            ++place;
        }
    }

   private:
    int first;
};

#define NORM_SHAPE int outer, int places, int groups, int size, int shifted, int scaled, int centred
#define NORM_SHAPE_OF_ARGUMENTS {outer, places, groups, size, shifted, scaled, centred}

// A column of values, of one image.
struct NormColumn {
    int column, image;

    __device__ NormColumn(int at, int images) : column(at), image(at % images) {}
};

// The sum of a column's shares, in each of its threads. Block (32, 8).
__device__ float norm_sum(float share) {
    __shared__ float shares[NORM_SLICES][NORM_COLUMNS];
    __syncthreads();
    shares[threadIdx.y][threadIdx.x] = share;
    __syncthreads();
    float sum = 0.0f;
#pragma unroll
    for (int slice = 0; slice < NORM_SLICES; ++slice) {
        sum += shares[slice][threadIdx.x];
    }
    return sum;
}

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

// One set of one column: its mean and r, and m(d) and m(n d) of a projection.
struct NormSet {
    float mean, root;

    __device__ NormSet(const float* statistics, const NormShape& s, int set, int images, int image)
        : mean(statistics[set * images + image]), root(statistics[(s.sets() + set) * images + image]) {}
    __device__ float normalised(float x) const { return (x - mean) * root; }
};

struct NormProjection {
    float mean, along;

    __device__ NormProjection(const float* projection, const NormShape& s, int set, int columns, int column)
        : mean(projection[set * columns + column]), along(projection[(s.sets() + set) * columns + column]) {}
    // A number of J d.
    __device__ float jacobian(const NormSet& of, float normalised, float d) const {
        return of.root * (d - mean - normalised * along);
    }
};

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
