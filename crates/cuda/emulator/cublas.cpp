// The entry points of cuBLAS that this crate calls, with its types and its column-major semantics, on the memory of this process.
//
// Misuse that cuBLAS does not report is an error here: a product before there is a stream, or with a workspace that a later change
// of the stream has withdrawn. Sums have one fixed order.

#include <stddef.h>
#include <stdint.h>

#include <set>

struct cublasContext {
    void* stream;
    void* workspace;
    size_t bytes;
    int math;
};

namespace {

enum Status { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7 };
enum Operation { PLAIN = 0, TRANSPOSED = 1 };
enum Fill { LOWER = 0, UPPER = 1 };
enum Math { PEDANTIC = 2, TF32 = 3 };

const int MAJOR = 13;
const int MINOR = 5;
const size_t LEAST_WORKSPACE = 4 * 1024 * 1024;

std::set<cublasContext*>& contexts() {
    static std::set<cublasContext*> all;
    return all;
}

bool ready(cublasContext* context) {
    return contexts().count(context) == 1 && context->stream && context->workspace &&
           context->bytes >= LEAST_WORKSPACE && reinterpret_cast<uintptr_t>(context->workspace) % 256 == 0 &&
           (context->math == PEDANTIC || context->math == TF32);
}

bool is_operation(int op) { return op == PLAIN || op == TRANSPOSED; }

float entry(const float* matrix, int leading, int op, int row, int column) {
    return op == PLAIN ? matrix[static_cast<int64_t>(column) * leading + row]
                       : matrix[static_cast<int64_t>(row) * leading + column];
}

void store(float* to, float sum, float alpha, float beta) { *to = beta == 0.0f ? alpha * sum : alpha * sum + beta * *to; }

}  // namespace

extern "C" {

int cublasCreate_v2(cublasContext** handle) {
    *handle = new cublasContext{nullptr, nullptr, 0, -1};
    contexts().insert(*handle);
    return SUCCESS;
}

int cublasDestroy_v2(cublasContext* handle) {
    if (contexts().erase(handle) == 0) {
        return NOT_INITIALIZED;
    }
    delete handle;
    return SUCCESS;
}

int cublasGetProperty(int property, int* value) {
    if (property < 0 || property > 1) {
        return INVALID_VALUE;
    }
    *value = property == 0 ? MAJOR : MINOR;
    return SUCCESS;
}

int cublasSetStream_v2(cublasContext* handle, void* stream) {
    if (contexts().count(handle) == 0) {
        return NOT_INITIALIZED;
    }
    handle->stream = stream;
    handle->workspace = nullptr;
    return SUCCESS;
}

int cublasSetWorkspace_v2(cublasContext* handle, void* workspace, size_t bytes) {
    if (contexts().count(handle) == 0) {
        return NOT_INITIALIZED;
    }
    handle->workspace = workspace;
    handle->bytes = bytes;
    return SUCCESS;
}

int cublasSetMathMode(cublasContext* handle, int mode) {
    if (contexts().count(handle) == 0) {
        return NOT_INITIALIZED;
    }
    handle->math = mode;
    return SUCCESS;
}

int cublasSgemmStridedBatched(cublasContext* handle, int a_op, int b_op, int m, int n, int k, const float* alpha,
                              const float* a, int a_leading, long long a_stride, const float* b, int b_leading,
                              long long b_stride, const float* beta, float* c, int c_leading, long long c_stride,
                              int batch) {
    if (!ready(handle)) {
        return NOT_INITIALIZED;
    }
    const bool valid = is_operation(a_op) && is_operation(b_op) && m >= 0 && n >= 0 && k >= 0 && batch >= 0 &&
                       a_leading >= (a_op == PLAIN ? m : k) && b_leading >= (b_op == PLAIN ? k : n) && c_leading >= m;
    if (!valid) {
        return INVALID_VALUE;
    }
    for (int number = 0; number < batch; ++number) {
        for (int column = 0; column < n; ++column) {
            for (int row = 0; row < m; ++row) {
                float sum = 0.0f;
                for (int l = 0; l < k; ++l) {
                    sum += entry(a + number * a_stride, a_leading, a_op, row, l) *
                           entry(b + number * b_stride, b_leading, b_op, l, column);
                }
                store(c + number * c_stride + static_cast<int64_t>(column) * c_leading + row, sum, *alpha, *beta);
            }
        }
    }
    return SUCCESS;
}

int cublasSsyrk_v2(cublasContext* handle, int fill, int op, int n, int k, const float* alpha, const float* a,
                   int a_leading, const float* beta, float* c, int c_leading) {
    if (!ready(handle)) {
        return NOT_INITIALIZED;
    }
    const bool valid = (fill == LOWER || fill == UPPER) && is_operation(op) && n >= 0 && k >= 0 &&
                       a_leading >= (op == PLAIN ? n : k) && c_leading >= n;
    if (!valid) {
        return INVALID_VALUE;
    }
    for (int column = 0; column < n; ++column) {
        for (int row = fill == UPPER ? 0 : column; row < (fill == UPPER ? column + 1 : n); ++row) {
            float sum = 0.0f;
            for (int l = 0; l < k; ++l) {
                sum += entry(a, a_leading, op, row, l) * entry(a, a_leading, op, column, l);
            }
            store(c + static_cast<int64_t>(column) * c_leading + row, sum, *alpha, *beta);
        }
    }
    return SUCCESS;
}

}  // extern "C"
