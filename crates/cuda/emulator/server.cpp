// Runs kernels compiled for the CPU in a child process. Requests arrive on standard input, replies go to standard output,
// and an error is reported on standard error before the process ends.
//
// Every buffer is an allocation of its exact size, so that address sanitizer finds reads and writes beyond it. The threads
// of a block are fibers, which switch only at barriers. Between two barriers one thread runs after another, in ascending or
// descending order according to the command line. A fiber that completes a thread continues with the next one, so kernels
// without barriers are plain loops.

#include "shim.hpp"

#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

MinimaIndex threadIdx, blockIdx, blockDim, gridDim;

// Leaks are not errors of kernels, and fibers have no second stacks.
extern "C" const char* __asan_default_options() {
    return "detect_leaks=0:detect_stack_use_after_return=0:allocator_may_return_null=1:quarantine_size_mb=16";
}

extern "C" const char* __ubsan_default_options() { return "print_stacktrace=0"; }

namespace minima {
namespace {

const size_t STACK_BYTES = 256 * 1024;

const Kernel* running = nullptr;
bool descending = false;

void where(FILE* to) {
    if (running) {
        fprintf(to, "in kernel %s, block (%u, %u, %u) of (%u, %u, %u), thread (%u, %u, %u) of (%u, %u, %u)\n",
                running->name, blockIdx.x, blockIdx.y, blockIdx.z, gridDim.x, gridDim.y, gridDim.z, threadIdx.x,
                threadIdx.y, threadIdx.z, blockDim.x, blockDim.y, blockDim.z);
    }
}

void at_death() { where(stderr); }

[[noreturn]] void fail(const std::string& what) {
    fprintf(stderr, "%s\n", what.c_str());
    where(stderr);
    fflush(stderr);
    _exit(1);
}

// A thread's stack and where it stopped.
struct Fiber {
    char* stack;
    void* fake;
    unsigned thread;
#if defined(__x86_64__)
    void* top;
#else
    ucontext_t context;
#endif
};

Fiber home;  // the scheduler itself
const void* home_stack = nullptr;
size_t home_bytes = 0;
Fiber* current = nullptr;

#if defined(__x86_64__)
// Saves what a function must preserve, exchanges the stacks, and resumes where the other fiber stopped. Unlike swapcontext it
// makes no system call.
extern "C" void minima_switch(void** from, void* to);
asm(R"(
.text
.p2align 4
.globl minima_switch
.type minima_switch, @function
minima_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size minima_switch, .-minima_switch
)");
void exchange(Fiber& from, Fiber& to) { minima_switch(&from.top, to.top); }

void prepare(Fiber& fiber, void (*entry)()) {
    // Six registers, the address to return to, and one word so that the entry's frame is aligned as after a call.
    void** top = reinterpret_cast<void**>(fiber.stack + STACK_BYTES) - 8;
    memset(top, 0, 8 * sizeof(void*));
    top[6] = reinterpret_cast<void*>(entry);
    fiber.top = top;
}
#else
void exchange(Fiber& from, Fiber& to) { swapcontext(&from.context, &to.context); }

void prepare(Fiber& fiber, void (*entry)()) {
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack;
    fiber.context.uc_stack.ss_size = STACK_BYTES;
    makecontext(&fiber.context, entry, 0);
}
#endif

// The running block.
struct Block {
    const Argument* arguments;
    unsigned threads;  // of the block
    unsigned started;
};
Block block;
std::vector<Fiber*> idle;
std::vector<Fiber*> waiting;
const char* barrier_file = nullptr;
int barrier_line = 0;

void become(Fiber& fiber) {
    const unsigned linear = descending ? block.threads - 1 - fiber.thread : fiber.thread;
    threadIdx = {linear % blockDim.x, linear / blockDim.x % blockDim.y, linear / blockDim.x / blockDim.y};
}

void resume(Fiber& fiber) {
    current = &fiber;
    __sanitizer_start_switch_fiber(&home.fake, fiber.stack, STACK_BYTES);
    exchange(home, fiber);
    __sanitizer_finish_switch_fiber(home.fake, nullptr, nullptr);
}

void go_home() {
    Fiber& fiber = *current;
    __sanitizer_start_switch_fiber(&fiber.fake, home_stack, home_bytes);
    exchange(fiber, home);
    __sanitizer_finish_switch_fiber(fiber.fake, nullptr, nullptr);
}

// Runs threads to completion, forever.
void fiber_main() {
    __sanitizer_finish_switch_fiber(nullptr, &home_stack, &home_bytes);
    for (;;) {
        while (block.started < block.threads) {
            current->thread = block.started++;
            become(*current);
            running->run(running->function, block.arguments);
        }
        idle.push_back(current);
        go_home();
    }
}

Fiber& idle_fiber() {
    if (idle.empty()) {
        const size_t guard = static_cast<size_t>(sysconf(_SC_PAGESIZE));
        void* memory = mmap(nullptr, guard + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED || mprotect(memory, guard, PROT_NONE) != 0) {
            fail("no memory for the stacks of threads");
        }
        Fiber* fiber = new Fiber();
        fiber->stack = static_cast<char*>(memory) + guard;
        prepare(*fiber, fiber_main);
        idle.push_back(fiber);
    }
    Fiber& fiber = *idle.back();
    idle.pop_back();
    return fiber;
}

// Fills shared memory with bytes of ones, which are NaN as float and double. This also overwrites its redzones, so it is
// not checked.
__attribute__((no_sanitize("address", "undefined"))) void poison(char* begin, char* end) {
    for (volatile char* at = begin; at < end;) {
        if (reinterpret_cast<uintptr_t>(at) % 8 == 0 && end - at >= 8) {
            *reinterpret_cast<volatile uint64_t*>(at) = ~uint64_t(0);
            at += 8;
        } else {
            *at = static_cast<char>(-1);
            at += 1;
        }
    }
}

void run_block(const Kernel& kernel, const Argument* arguments) {
    poison(kernel.shared_begin, kernel.shared_end);
    block = {arguments, blockDim.x * blockDim.y * blockDim.z, 0};
    waiting.clear();
    while (block.started < block.threads) {
        resume(idle_fiber());
    }
    std::vector<Fiber*> phase;
    while (!waiting.empty()) {
        if (waiting.size() < block.threads) {
            fail("divergent barrier: only " + std::to_string(waiting.size()) + " of " + std::to_string(block.threads) +
                 " threads reach the barrier at " + barrier_file + ":" + std::to_string(barrier_line));
        }
        phase.swap(waiting);
        waiting.clear();
        for (Fiber* fiber : phase) {
            become(*fiber);
            resume(*fiber);
        }
    }
}

void run_grid(const Kernel& kernel, const Argument* arguments) {
    running = &kernel;
    const uint64_t blocks = uint64_t(gridDim.x) * gridDim.y * gridDim.z;
    for (uint64_t i = 0; i < blocks; ++i) {
        const uint64_t at = descending ? blocks - 1 - i : i;
        blockIdx = {unsigned(at % gridDim.x), unsigned(at / gridDim.x % gridDim.y),
                    unsigned(at / gridDim.x / gridDim.y)};
        run_block(kernel, arguments);
    }
    running = nullptr;
}

struct Buffer {
    void* memory;
    uint64_t bytes;
};
std::map<uint64_t, Buffer> buffers;
std::map<std::string, Kernel>& kernels() {
    static std::map<std::string, Kernel> all;
    return all;
}

// The end of the input is the end of the process.
void read_bytes(void* to, size_t count) {
    char* at = static_cast<char*>(to);
    while (count > 0) {
        const ssize_t got = read(STDIN_FILENO, at, count);
        if (got <= 0) {
            _exit(0);
        }
        at += got;
        count -= static_cast<size_t>(got);
    }
}

void write_bytes(const void* from, size_t count) {
    const char* at = static_cast<const char*>(from);
    while (count > 0) {
        const ssize_t put = write(STDOUT_FILENO, at, count);
        if (put <= 0) {
            _exit(0);
        }
        at += put;
        count -= static_cast<size_t>(put);
    }
}

template <class T>
T read_value() {
    T value;
    read_bytes(&value, sizeof value);
    return value;
}

// A reply is the length of a complaint (zero on success) and the complaint.
void reply(const std::string& complaint) {
    const uint32_t length = static_cast<uint32_t>(complaint.size());
    write_bytes(&length, sizeof length);
    write_bytes(complaint.data(), length);
}

Buffer& buffer(uint64_t id) {
    const auto found = buffers.find(id);
    if (found == buffers.end()) {
        fail("no buffer " + std::to_string(id));
    }
    return found->second;
}

void launch(bool really) {
    std::string name(read_value<uint32_t>(), ' ');
    read_bytes(&name[0], name.size());
    gridDim = read_value<MinimaIndex>();
    blockDim = read_value<MinimaIndex>();
    std::vector<Argument> arguments(read_value<uint32_t>());
    std::string kinds;
    for (Argument& a : arguments) {
        a = Argument{};
        a.kind = read_value<char>();
        kinds += a.kind;
        const uint64_t value = read_value<uint64_t>();
        const uint64_t offset = read_value<uint64_t>();
        switch (a.kind) {
            case 'I': a.integer = static_cast<int>(static_cast<uint32_t>(value)); break;
            case 'F': memcpy(&a.single, &value, sizeof a.single); break;
            case 'D': memcpy(&a.whole, &value, sizeof a.whole); break;
            default: a.pointer = static_cast<char*>(buffer(value).memory) + offset;
        }
    }
    const auto found = kernels().find(name);
    if (found == kernels().end()) {
        reply("the sources define no kernel " + name);
    } else if (kinds != found->second.kinds) {
        // The types of arguments and of parameters, which the other side describes in words.
        reply(kinds + "/" + found->second.kinds);
    } else {
        if (really) {
            run_grid(found->second, arguments.data());
        }
        reply("");
    }
}

// The library's handle, set up as a GPU's is.
cublasContext* library() {
    static cublasContext* handle = nullptr;
    if (!handle) {
        static int stream = 0;
        const size_t bytes = 4 * 1024 * 1024;
        if (cublasCreate_v2(&handle) || cublasSetStream_v2(handle, &stream) || cublasSetMathMode(handle, 2) ||
            cublasSetWorkspace_v2(handle, aligned_alloc(256, bytes), bytes)) {
            fail("the library of linear algebra does not start");
        }
    }
    return handle;
}

// Matrices of a product, as the library takes them.
struct Matrices {
    float* numbers;
    int leading;
    long long stride;
};

Matrices read_matrices() {
    const uint64_t id = read_value<uint64_t>();
    const uint64_t offset = read_value<uint64_t>();
    const int leading = read_value<int>();
    const long long stride = read_value<int64_t>();
    return {reinterpret_cast<float*>(static_cast<char*>(buffer(id).memory) + offset), leading, stride};
}

void reply_of_library(int status) { reply(status == 0 ? "" : "the library's status is " + std::to_string(status)); }

void gemm() {
    int numbers[6];  // transpositions of both factors, m, n, k, the number of products
    read_bytes(numbers, sizeof numbers);
    const float alpha = read_value<float>();
    const float beta = read_value<float>();
    const Matrices a = read_matrices();
    const Matrices b = read_matrices();
    const Matrices c = read_matrices();
    reply_of_library(cublasSgemmStridedBatched(library(), numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], &alpha,
                                               a.numbers, a.leading, a.stride, b.numbers, b.leading, b.stride, &beta,
                                               c.numbers, c.leading, c.stride, numbers[5]));
}

void syrk() {
    const int n = read_value<int>();
    const int k = read_value<int>();
    const float alpha = 1.0f;
    const float beta = read_value<float>();
    const Matrices a = read_matrices();
    const Matrices c = read_matrices();
    const int upper = 1;
    const int plain = 0;
    reply_of_library(
        cublasSsyrk_v2(library(), upper, plain, n, k, &alpha, a.numbers, a.leading, &beta, c.numbers, c.leading));
}

void serve() {
    for (;;) {
        const char request = read_value<char>();
        switch (request) {
            case 'L':
            case 'C': launch(request == 'L'); continue;
            case 'G': gemm(); continue;
            case 'S': syrk(); continue;
            default: break;
        }
        const uint64_t id = read_value<uint64_t>();
        const uint64_t bytes = read_value<uint64_t>();
        switch (request) {
            case 'A': {
                void* memory = malloc(bytes);
                if (memory) {
                    memset(memory, 0, bytes);
                    buffers[id] = {memory, bytes};
                }
                reply(memory ? "" : "out of memory");
                break;
            }
            case 'R':
                free(buffer(id).memory);
                buffers.erase(id);
                break;  // no reply
            case 'U':
                read_bytes(buffer(id).memory, bytes);
                reply("");
                break;
            case 'D':
                reply("");
                write_bytes(buffer(id).memory, bytes);
                break;
            default: fail("an unknown request");
        }
    }
}

}  // namespace

void barrier(const char* file, int line) {
    if (waiting.empty()) {
        barrier_file = file;
        barrier_line = line;
    } else if (line != barrier_line || strcmp(file, barrier_file) != 0) {
        fail("divergent barrier: some threads are at " + std::string(barrier_file) + ":" +
             std::to_string(barrier_line) + ", others at " + file + ":" + std::to_string(line));
    }
    waiting.push_back(current);
    go_home();
}

void add(const Kernel& kernel) { kernels()[kernel.name] = kernel; }

void add_all();  // generated for the given sources

}  // namespace minima

int main(int count, char** words) {
    minima::descending = count > 1 && strcmp(words[1], "descending") == 0;
    __sanitizer_set_death_callback(minima::at_death);
    minima::add_all();
    minima::serve();
}
