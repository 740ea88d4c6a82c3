// Quantized blocks to plain numbers: whole matrices, or chosen rows of one. A thread writes eight neighbours.

template <class Format> __device__ inline void read8(const u8 *blocks, u64 place, float *x) {
    Format::read(blocks + place / Format::NUMBERS * Format::BYTES, (u32)(place % Format::NUMBERS), x);
}

/// Eights of a whole matrix.
template <class Format> __device__ inline void expand(const u8 *blocks, NUMBER *to, u64 eights) {
    const u64 eight = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    if (eight >= eights) return;
    float x[8];
    read8<Format>(blocks, eight * 8, x);
    store8(x, to + eight * 8);
}

/// The rows that `rows` lists, as 32-bit numbers and times `factor`. A block writes one row.
template <class Format>
__device__ inline void gather(const u8 *blocks, const u32 *rows, float *to, u32 width, float factor) {
    const u64 from = (u64)rows[blockIdx.x] * width;
    for (u32 column = threadIdx.x * 8; column < width; column += blockDim.x * 8) {
        float x[8];
        read8<Format>(blocks, from + column, x);
        for (int i = 0; i < 8; i++) x[i] *= factor;
        store8(x, to + (u64)blockIdx.x * width + column);
    }
}

#define KERNELS(FORMAT)                                                                                          \
    extern "C" __global__ void expand_##FORMAT(const u8 *blocks, NUMBER *to, u64 eights) {                       \
        expand<FORMAT>(blocks, to, eights);                                                                      \
    }                                                                                                            \
    extern "C" __global__ void gather_##FORMAT(const u8 *blocks, const u32 *rows, float *to, u32 width, float factor) { \
        gather<FORMAT>(blocks, rows, to, width, factor);                                                         \
    }

FOR_EACH_FORMAT(KERNELS)
