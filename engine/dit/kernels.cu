// The element-wise passes of a DiT block in two kernels; engine/dit/kernels.py says what they compute.
//
// Compiled for one model and one card when a worker starts (engine/dit/nvrtc.py), with
//     DIM        width of the residual, in elements
//     DIM_HEAD   width of an attention head
//     ROTATED    elements of a query that are rotated: heads with rotary * DIM_HEAD
//     PRECISION  of the products: 16 (fp16), 17 (bf16) or 32
// The tests build the same file as C++, with tests/engine/dit/cuda_as_cpp.h before it.
//
// A warp takes one row (token): its 32 lanes read neighbouring bytes, and the row stays in their
// registers from the first read to the last write. Sums are in fp32.

#define LANES 32
#define ROWS 4  // warps, so rows, of a block; engine/dit/kernels.py launches as many
#define EPS 1e-6f

#if PRECISION == 32
typedef float Real;
#else
typedef unsigned short Real;  // the bits of an fp16 or bf16 number
#endif

#if defined(__CUDACC_RTC__) && PRECISION == 16
static __device__ __forceinline__ float half_to_float(Real bits) {
    float value;
    asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
    return value;
}
static __device__ __forceinline__ Real float_to_half(float value) {
    Real bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
}
#endif

static __device__ __forceinline__ float to_float(Real real) {
#if PRECISION == 32
    return real;
#elif PRECISION == 16
    return half_to_float(real);
#else
    return __uint_as_float((unsigned)real << 16);
#endif
}

static __device__ __forceinline__ Real to_real(float value) {
#if PRECISION == 32
    return value;
#elif PRECISION == 16
    return float_to_half(value);
#elif __CUDA_ARCH__ >= 800
    Real bits;
    asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
    return bits;
#else
    const unsigned bits = __float_as_uint(value);
    if (value != value) return 0x7fff;
    return (Real)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);  // to nearest, ties to even
#endif
}

// `Count` neighbouring numbers, read and written in one access of 16 bytes (8 for four halves).
template <typename Number, int Count>
struct alignas(sizeof(Number) * Count) Pack {
    Number at[Count];
};
typedef Pack<float, 4> Floats;
typedef Pack<Real, 4> Reals;
#define WIDE (16 / (int)sizeof(Real))
typedef Pack<Real, WIDE> Wide;

static __device__ __forceinline__ float sum_of_warp(float value) {
#pragma unroll
    for (int apart = LANES / 2; apart > 0; apart /= 2)
        value += __shfl_xor_sync(0xffffffffu, value, apart);
    return value;
}

// h += gate * x                                 where x is given
// out = LayerNorm(h) * scale + shift            where out is given
// h (tokens, DIM) fp32; x, out (tokens, DIM). A token's gate, shift and scale (1 added already) are
// rows of tables, `gate_stride` and `norm_stride` floats apart: row group[token], or 0 without group.
extern "C" __global__ void __launch_bounds__(LANES * ROWS)
gate_norm(float* __restrict__ h, const Real* __restrict__ x, Real* __restrict__ out,
          const float* __restrict__ gate, const float* __restrict__ shift,
          const float* __restrict__ scale, const int* __restrict__ group, int gate_stride,
          int norm_stride, int tokens) {
    const int COLUMNS = 4 * LANES;  // of one access by the whole warp
    const int PARTS = (DIM + COLUMNS - 1) / COLUMNS;
    const int token = blockIdx.x * ROWS + threadIdx.x / LANES;
    const int first = threadIdx.x % LANES * 4;
    if (token >= tokens) return;
    const int row = group ? group[token] : 0;
    h += (size_t)token * DIM;

    Floats kept[PARTS];
#pragma unroll
    for (int part = 0; part < PARTS; part++) {
        const int column = part * COLUMNS + first;
        if (column < DIM) kept[part] = *(const Floats*)(h + column);
    }
    if (x) {
        x += (size_t)token * DIM;
        gate += (size_t)row * gate_stride;
        Reals added[PARTS];
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = part * COLUMNS + first;
            if (column < DIM) added[part] = *(const Reals*)(x + column);
        }
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = part * COLUMNS + first;
            if (column >= DIM) continue;
            const Floats gates = *(const Floats*)(gate + column);
#pragma unroll
            for (int i = 0; i < 4; i++)
                kept[part].at[i] += gates.at[i] * to_float(added[part].at[i]);
            *(Floats*)(h + column) = kept[part];
        }
    }
    if (!out) return;

    float sum = 0.0f;
#pragma unroll
    for (int part = 0; part < PARTS; part++)
        if (part * COLUMNS + first < DIM)
#pragma unroll
            for (int i = 0; i < 4; i++) sum += kept[part].at[i];
    const float mean = sum_of_warp(sum) / DIM;
    float squares = 0.0f;
#pragma unroll
    for (int part = 0; part < PARTS; part++)
        if (part * COLUMNS + first < DIM)
#pragma unroll
            for (int i = 0; i < 4; i++) {
                const float off = kept[part].at[i] - mean;
                squares += off * off;
            }
    const float inverse = rsqrtf(sum_of_warp(squares) / DIM + EPS);

    out += (size_t)token * DIM;
    shift += (size_t)row * norm_stride;
    scale += (size_t)row * norm_stride;
#pragma unroll
    for (int part = 0; part < PARTS; part++) {
        const int column = part * COLUMNS + first;
        if (column >= DIM) continue;
        const Floats scales = *(const Floats*)(scale + column);
        const Floats shifts = *(const Floats*)(shift + column);
        Reals made;
#pragma unroll
        for (int i = 0; i < 4; i++)
            made.at[i] =
                to_real((kept[part].at[i] - mean) * inverse * scales.at[i] + shifts.at[i]);
        *(Reals*)(out + column) = made;
    }
}

// Rotates neighbouring pairs of query and key, in place. A token has its query at
// qk + token * token_stride and its key `part_stride` elements after it; of both, the first ROTATED
// elements turn. turns (tokens, DIM_HEAD): cosine and sine of each pair.
extern "C" __global__ void __launch_bounds__(LANES * ROWS)
rotate_qk(Real* __restrict__ qk, const float* __restrict__ turns, int token_stride,
          int part_stride, int tokens) {
    const int COLUMNS = WIDE * LANES;
    const int PARTS = (ROTATED + COLUMNS - 1) / COLUMNS;
    static_assert(COLUMNS % DIM_HEAD == 0, "a lane must meet the same columns of every head");
    const int token = blockIdx.x * ROWS + threadIdx.x / LANES;
    const int first = threadIdx.x % LANES * WIDE;
    if (token >= tokens) return;

    turns += (size_t)token * DIM_HEAD + first % DIM_HEAD;
    float turn[WIDE];  // cosine and sine of each pair of this lane
#pragma unroll
    for (int i = 0; i < WIDE; i += 4) {
        const Floats four = *(const Floats*)(turns + i);
#pragma unroll
        for (int k = 0; k < 4; k++) turn[i + k] = four.at[k];
    }
#pragma unroll
    for (int which = 0; which < 2; which++) {
        Real* const row = qk + (size_t)token * token_stride + which * part_stride;
        Wide kept[PARTS];
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = part * COLUMNS + first;
            if (column < ROTATED) kept[part] = *(const Wide*)(row + column);
        }
#pragma unroll
        for (int part = 0; part < PARTS; part++) {
            const int column = part * COLUMNS + first;
            if (column >= ROTATED) continue;
#pragma unroll
            for (int i = 0; i < WIDE; i += 2) {
                const float x = to_float(kept[part].at[i]), y = to_float(kept[part].at[i + 1]);
                kept[part].at[i] = to_real(x * turn[i] - y * turn[i + 1]);
                kept[part].at[i + 1] = to_real(x * turn[i + 1] + y * turn[i]);
            }
            *(Wide*)(row + column) = kept[part];
        }
    }
}
