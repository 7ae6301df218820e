// Entries of a value in another place: transpositions, slices, concatenations, and sums over axes. Layout: [feature][column].
// Lists of places are on the device.

const unsigned TAKE_NOTHING = 0xffffffffu;

// y[f] = share * sum over t below terms of x[places[f * terms + t]]. Grid: (features of y, blocks of columns).
extern "C" __global__ void take_sums(const float* __restrict__ x, const unsigned* __restrict__ places,
                                     float* __restrict__ y, int columns, int terms, float share) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        float sum = 0.0f;
#pragma unroll 4
        for (int t = 0; t < terms; ++t) {
            sum += x[static_cast<int>(places[feature * terms + t]) * columns + column];
        }
        y[feature * columns + column] = sum * share;
    }
}

// y[f] = share * x[places[f]], or 0 for an entry that is left out; stored, or added with `add`.
// Grid: (features of y, blocks of columns).
extern "C" __global__ void take_shares(const float* __restrict__ x, const unsigned* __restrict__ places,
                                       float* __restrict__ y, int columns, int add, float share) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const unsigned from = places[feature];
        const float value = from == TAKE_NOTHING ? 0.0f : x[static_cast<int>(from) * columns + column] * share;
        float* to = y + feature * columns + column;
        *to = add ? *to + value : value;
    }
}

// Places a value side by side with others: y[outer * whole + start + r] = x[outer * run + r] for r below run.
// Grid: (features of x, blocks of columns).
extern "C" __global__ void concat_put(const float* __restrict__ x, float* __restrict__ y, int columns, int run, int start,
                                      int whole) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int to = feature / run * whole + start + feature % run;
        y[to * columns + column] = x[feature * columns + column];
    }
}

// The part that belongs to one of the values: x[outer * run + r] = y[outer * whole + start + r]; stored, or added with `add`.
// Grid: (features of x, blocks of columns).
extern "C" __global__ void concat_get(const float* __restrict__ y, float* __restrict__ x, int columns, int add, int run,
                                      int start, int whole) {
    const int feature = blockIdx.x;
    const int column = blockIdx.y * blockDim.x + threadIdx.x;
    if (column < columns) {
        const int from = feature / run * whole + start + feature % run;
        const float value = y[from * columns + column];
        float* to = x + feature * columns + column;
        *to = add ? *to + value : value;
    }
}
