// Sets of a value's numbers, which a normalisation brings to mean 0 and variance 1, with a scale and a shift for each channel.
// The kernels are in the files normalization*.cu, which begin with this text.
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

