// engine/dit/kernels.cu as C++: what CUDA brings, for one warp at a time on 32 threads.
#include <barrier>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

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
static thread_local Place threadIdx, blockIdx;

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

// The lanes of a warp meet before and after each has read another's number.
static float shown[32];
static std::barrier<> meeting(32);
static float __shfl_xor_sync(unsigned, float value, int apart) {
    const int lane = threadIdx.x % 32;
    shown[lane] = value;
    meeting.arrive_and_wait();
    const float other = shown[lane ^ apart];
    meeting.arrive_and_wait();
    return other;
}

#include "kernels.cu"

// Every block of a launch, one warp after the other.
template <typename Kernel>
static void run(int blocks, int threads, Kernel kernel) {
    std::vector<std::thread> lanes;
    for (int lane = 0; lane < 32; lane++)
        lanes.emplace_back([=] {
            for (int block = 0; block < blocks; block++)
                for (int thread = lane; thread < threads; thread += 32) {
                    blockIdx.x = block;
                    threadIdx.x = thread;
                    kernel();
                }
        });
    for (auto& lane : lanes) lane.join();
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
