// engine/dit/kernels.cu as C++: what CUDA brings, for one warp at a time. Its 32 lanes take turns on
// one thread: as threads of their own they wait for each other, and on a busy machine for minutes.
#include <ucontext.h>

#include <cmath>
#include <cstddef>
#include <cstring>
#include <functional>

#if PRECISION == 16
#include <immintrin.h>
static float half_to_float(unsigned short bits) { return _cvtsh_ss(bits); }
static unsigned short float_to_half(float value) { return _cvtss_sh(value, 0); }
#endif

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(threads)

struct Place { int x; };
static Place threadIdx, blockIdx;

static unsigned __float_as_uint(float value) {
    unsigned bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
static float __uint_as_float(unsigned bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
static float rsqrtf(float value) { return 1.0f / std::sqrt(value); }

static ucontext_t rest, lanes[32];
static char stacks[32][1 << 16];
static bool done[32];
static std::function<void()> lane_body;

static void begin_lane() {
    lane_body();
    done[threadIdx.x % 32] = true;
}

// A lane waits until all others have come as far.
static void meet() { swapcontext(&lanes[threadIdx.x % 32], &rest); }

// The lanes of a warp meet before and after each has read another's number.
static float shown[32];
static float __shfl_xor_sync(unsigned, float value, int apart) {
    shown[threadIdx.x % 32] = value;
    meet();
    const float other = shown[(threadIdx.x % 32) ^ apart];
    meet();
    return other;
}

#include "kernels.cu"

static void run_warp(int first) {
    for (int lane = 0; lane < 32; lane++) {
        getcontext(&lanes[lane]);
        lanes[lane].uc_stack.ss_sp = stacks[lane];
        lanes[lane].uc_stack.ss_size = sizeof stacks[lane];
        lanes[lane].uc_link = &rest;
        makecontext(&lanes[lane], begin_lane, 0);
        done[lane] = false;
    }
    for (bool some = true; some;) {
        some = false;
        for (int lane = 0; lane < 32; lane++) {
            if (done[lane]) continue;
            threadIdx.x = first + lane;
            swapcontext(&rest, &lanes[lane]);
            some = some || !done[lane];
        }
    }
}

// Every block of a launch, one warp after the other.
template <typename Kernel>
static void run(int blocks, int threads, Kernel kernel) {
    lane_body = kernel;
    for (blockIdx.x = 0; blockIdx.x < blocks; blockIdx.x++)
        for (int first = 0; first < threads; first += 32) run_warp(first);
}

extern "C" void run_gate_norm(int blocks, int threads, float* h, Real* x, Real* out, float* gate,
                              float* shift, float* scale, int* group, int gate_stride,
                              int norm_stride, int tokens) {
    run(blocks, threads, [=] {
        gate_norm(h, x, out, gate, shift, scale, group, gate_stride, norm_stride, tokens);
    });
}

extern "C" void run_rotate_qk(int blocks, int threads, Real* qk, float* turns, int token_stride,
                              int part_stride, int tokens) {
    run(blocks, threads, [=] { rotate_qk(qk, turns, token_stride, part_stride, tokens); });
}
