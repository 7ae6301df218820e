// Gathers the images and labels of a batch from a data set on the device. The order of the images is on the device too, so
// a recorded training step needs nothing from the host.
//
// Image i of the batch is image order[position[0] + i] of the data set. If that is past the end of the order or of the
// data set, its pixels become NaN and its label names no class.

const int GATHER_TILE = 32;
const int GATHER_ROWS = 8;

// The number in the data set of image i of the batch; -1 for an i beyond the batch.
__device__ int gathered_image(const unsigned* __restrict__ order, const unsigned* __restrict__ position, int ordered,
                              int available, int i) {
    // Signed 64-bit numbers, because a position near 2^32 must not wrap around.
    const long long at = static_cast<long long>(position[0]) + i;
    if (at >= ordered) {
        return -1;
    }
    const long long image = order[at];
    return image < available ? static_cast<int>(image) : -1;
}

struct GatherPixels {
    const float* data;
    int features;
    __device__ float at(int image, int feature) const { return data[image * features + feature]; }
};

// Four bytes per word, the first in its lowest bits. Every image begins with a new word.
struct GatherBytes {
    const unsigned* data;
    int words;
    __device__ float at(int image, int feature) const {
        const unsigned byte = data[image * words + feature / 4] >> (feature % 4 * 8) & 255u;
        return static_cast<float>(static_cast<double>(byte) / 255.0);
    }
};

template <typename Data>
__device__ void gather_tile(const Data& data, const unsigned* all_labels, const unsigned* order, const unsigned* position,
                            float* images, unsigned* labels, int count, int features, int ordered, int available) {
    // Reads along features and writes along images, through a tile that is transposed in shared memory.
    __shared__ float tile[GATHER_TILE][GATHER_TILE + 1];
    const int first_image = blockIdx.y * GATHER_TILE;
    const int first_feature = blockIdx.x * GATHER_TILE;
    const int feature = first_feature + threadIdx.x;
    for (int row = threadIdx.y; row < GATHER_TILE; row += GATHER_ROWS) {
        const int i = first_image + row;
        if (i < count && feature < features) {
            const int image = gathered_image(order, position, ordered, available, i);
            tile[row][threadIdx.x] = image < 0 ? nanf("") : data.at(image, feature);
        }
    }
    __syncthreads();
    const int i = first_image + threadIdx.x;
    if (i >= count) {
        return;
    }
    for (int row = threadIdx.y; row < GATHER_TILE; row += GATHER_ROWS) {
        if (first_feature + row < features) {
            images[(first_feature + row) * count + i] = tile[threadIdx.x][row];
        }
    }
    if (blockIdx.x == 0 && threadIdx.y == 0) {
        const int image = gathered_image(order, position, ordered, available, i);
        labels[i] = image < 0 ? 0xffffffffu : all_labels[image];
    }
}

// images[feature][i] and labels[i] from data [image][feature]. Grid: (tiles of 32 features, tiles of 32 images), block
// (32, 8).
extern "C" __global__ void gather_pixels(const float* __restrict__ data, const unsigned* __restrict__ all_labels,
                                         const unsigned* __restrict__ order, const unsigned* __restrict__ position,
                                         float* __restrict__ images, unsigned* __restrict__ labels, int count,
                                         int features, int ordered, int available) {
    const GatherPixels pixels = {data, features};
    gather_tile(pixels, all_labels, order, position, images, labels, count, features, ordered, available);
}

// Gathers from bytes, four per word, as byte / 255 rounded once to f32.
extern "C" __global__ void gather_bytes(const unsigned* __restrict__ data, const unsigned* __restrict__ all_labels,
                                        const unsigned* __restrict__ order, const unsigned* __restrict__ position,
                                        float* __restrict__ images, unsigned* __restrict__ labels, int count, int features,
                                        int ordered, int available) {
    const GatherBytes bytes = {data, (features + 3) / 4};
    gather_tile(bytes, all_labels, order, position, images, labels, count, features, ordered, available);
}

// counter[0] += by. One thread.
extern "C" __global__ void advance(unsigned* __restrict__ counter, int by) {
    if (threadIdx.x == 0 && blockIdx.x == 0) {
        counter[0] += static_cast<unsigned>(by);
    }
}
