// The definitions with which the host's C++ compiler can compile a CUDA source. Every source is compiled separately, inside
// an unnamed namespace, so that its __shared__ arrays are all of its object's .bss. `server.cpp` runs its kernels.
#pragma once

#include <math.h>

#include <utility>

// The indices and sizes of a thread. The scheduler sets them before it resumes a thread.
struct MinimaIndex {
    unsigned x, y, z;
};
extern MinimaIndex threadIdx, blockIdx, blockDim, gridDim;

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__
#define __launch_bounds__(...)
// One block runs at a time, and its threads share a process.
#define __shared__ static
#define __syncthreads() minima::barrier(__FILE__, __LINE__)

inline int min(int a, int b) { return b < a ? b : a; }
inline int max(int a, int b) { return a < b ? b : a; }
inline unsigned min(unsigned a, unsigned b) { return b < a ? b : a; }
inline unsigned max(unsigned a, unsigned b) { return a < b ? b : a; }
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }

namespace minima {

// Returns when all threads of the block have reached it.
void barrier(const char* file, int line);

// An argument of a launch: its type and its value.
struct Argument {
    char kind;  // 'f', 'd', 'u': pointer to float, double, unsigned; 'I', 'F', 'D': int, float, double
    void* pointer;
    int integer;
    float single;
    double whole;
};

template <class P>
struct Parameter;
template <class T>
struct Parameter<const T*> : Parameter<T*> {};
template <>
struct Parameter<float*> {
    static const char kind = 'f';
    static float* of(const Argument& a) { return static_cast<float*>(a.pointer); }
};
template <>
struct Parameter<double*> {
    static const char kind = 'd';
    static double* of(const Argument& a) { return static_cast<double*>(a.pointer); }
};
template <>
struct Parameter<unsigned*> {
    static const char kind = 'u';
    static unsigned* of(const Argument& a) { return static_cast<unsigned*>(a.pointer); }
};
template <>
struct Parameter<int> {
    static const char kind = 'I';
    static int of(const Argument& a) { return a.integer; }
};
template <>
struct Parameter<float> {
    static const char kind = 'F';
    static float of(const Argument& a) { return a.single; }
};
template <>
struct Parameter<double> {
    static const char kind = 'D';
    static double of(const Argument& a) { return a.whole; }
};

template <class... P, size_t... I>
void call(void (*kernel)(P...), const Argument* arguments, std::index_sequence<I...>) {
    kernel(Parameter<P>::of(arguments[I])...);
}

template <class... P>
void run(void (*erased)(), const Argument* arguments) {
    call(reinterpret_cast<void (*)(P...)>(erased), arguments, std::index_sequence_for<P...>());
}

// A kernel, the types of its parameters, and the shared memory of its source.
struct Kernel {
    const char* name;
    const char* kinds;
    void (*function)();
    void (*run)(void (*)(), const Argument*);
    char* shared_begin;
    char* shared_end;
};

void add(const Kernel& kernel);

template <class... P>
struct Kinds {
    static constexpr char text[] = {Parameter<P>::kind..., '\0'};
};

template <class... P>
void add(const char* name, void (*kernel)(P...), char* shared_begin, char* shared_end) {
    add(Kernel{name, Kinds<P...>::text, reinterpret_cast<void (*)()>(kernel), run<P...>, shared_begin, shared_end});
}

}  // namespace minima
