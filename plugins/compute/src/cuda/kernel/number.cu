// Numbers as the card keeps them. NUMBER is chosen when this is compiled: `bfloat16` for work, `float` for checking.

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef short i16;
typedef unsigned int u32;
typedef unsigned long long u64;

/// The upper half of a 32-bit number.
struct bfloat16 {
    u16 bits;
};

__device__ inline float widen(float x) { return x; }
__device__ inline float widen(bfloat16 x) { return __uint_as_float((u32)x.bits << 16); }

/// Two numbers rounded to the nearest bfloat16, the first in the lower half.
__device__ inline u32 pack(float low, float high) {
    u32 both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

__device__ inline void narrow(float x, float *to) { *to = x; }
__device__ inline void narrow(float x, bfloat16 *to) { to->bits = (u16)pack(x, 0.0f); }

/// Eight neighbours, whose address is a multiple of 16 bytes.
__device__ inline void load8(const float *from, float *x) {
    const float4 low = ((const float4 *)from)[0], high = ((const float4 *)from)[1];
    x[0] = low.x, x[1] = low.y, x[2] = low.z, x[3] = low.w;
    x[4] = high.x, x[5] = high.y, x[6] = high.z, x[7] = high.w;
}

__device__ inline void load8(const bfloat16 *from, float *x) {
    const uint4 packed = *(const uint4 *)from;
    const u32 words[4] = {packed.x, packed.y, packed.z, packed.w};
#pragma unroll
    for (int word = 0; word < 4; word++) {
        x[2 * word] = __uint_as_float(words[word] << 16);
        x[2 * word + 1] = __uint_as_float(words[word] & 0xffff0000u);
    }
}

__device__ inline void store8(const float *x, float *to) {
    ((float4 *)to)[0] = make_float4(x[0], x[1], x[2], x[3]);
    ((float4 *)to)[1] = make_float4(x[4], x[5], x[6], x[7]);
}

__device__ inline void store8(const float *x, bfloat16 *to) {
    *(uint4 *)to = make_uint4(pack(x[0], x[1]), pack(x[2], x[3]), pack(x[4], x[5]), pack(x[6], x[7]));
}

__device__ inline float bits_to_float(u32 bits) { return __uint_as_float(bits); }

__device__ inline float half_to_float(u16 bits) {
    float x;
    asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
    return x;
}

__device__ inline float negative_infinity() { return __uint_as_float(0xff800000u); }

/// The sum over a warp, in each of its threads.
__device__ inline float sum_of_warp(float x) {
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) x += __shfl_xor_sync(0xffffffffu, x, distance);
    return x;
}

__device__ inline float maximum_of_warp(float x) {
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, distance));
    return x;
}

/// The sum over a block of up to 1,024 threads, in each of them. Every thread of the block must come here.
__device__ inline float sum_of_block(float x) {
    __shared__ float sums[32];
    x = sum_of_warp(x);
    __syncthreads();
    if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = x;
    __syncthreads();
    x = threadIdx.x % 32 < blockDim.x / 32 ? sums[threadIdx.x % 32] : 0.0f;
    return sum_of_warp(x);
}

__device__ inline float maximum_of_block(float x) {
    __shared__ float maxima[32];
    x = maximum_of_warp(x);
    __syncthreads();
    if (threadIdx.x % 32 == 0) maxima[threadIdx.x / 32] = x;
    __syncthreads();
    x = threadIdx.x % 32 < blockDim.x / 32 ? maxima[threadIdx.x % 32] : negative_infinity();
    return maximum_of_warp(x);
}
