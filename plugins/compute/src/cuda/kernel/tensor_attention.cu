// Attention on the tensor cores, for numbers in bfloat16: ROWS queries of one head at a time against KEYS keys at a time,
// with the softmax kept running (Dao et al., "FlashAttention", arXiv 2205.14135; Milakov and Gimelshein, arXiv 1805.02867).
// Fragments are those of the instruction mma.m16n8k16 in the PTX manual.

#define ROWS 64
#define PADDED ((HEAD + 15) / 16 * 16)
#define KEYS (HEAD > 128 ? 32 : 64)
// Eight more than a row needs, so that the rows that are read together begin in different banks.
#define STRIDE (PADDED + 8)

__device__ inline void load_fragments(const bfloat16 *from, u32 *x) {
    const u32 address = (u32)__cvta_generic_to_shared(from);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(address));
}

__device__ inline void load_transposed(const bfloat16 *from, u32 *x) {
    const u32 address = (u32)__cvta_generic_to_shared(from);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3])
                 : "r"(address));
}

__device__ inline void multiply(float *sum, const u32 *a, u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
                 "{%0, %1, %2, %3};"
                 : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

/// Puts ROWS queries into shared memory, turned; rows and columns that are not there become zeros.
__device__ inline void fetch_queries(const Packed &packed, const Sequence &it, u32 rows, bfloat16 *queries) {
    for (u32 item = threadIdx.x; item < ROWS * (PADDED / 8); item += blockDim.x) {
        const u32 row = item / (PADDED / 8), column = item % (PADDED / 8) * 8;
        float x[8] = {0.0f};
        if (row < rows && column < HEAD) {
            const NUMBER *head = packed.queries + (u64)(it.query_row + row) * packed.query_stride + blockIdx.y * HEAD;
            turned8(head, packed.turns + (u64)(it.query_position + row) * PAIRS, column, x);
        }
        store8(x, queries + row * STRIDE + column);
    }
}

/// Puts KEYS keys, turned, and their values into shared memory. Zeros stand for what is not there, since a weight of zero
/// times whatever lies in memory could be no number.
__device__ inline void fetch_keys(const Packed &packed, const Sequence &it, u32 base, bfloat16 *keys, bfloat16 *values) {
    const u32 end = packed.prefix_length + it.length;
    for (u32 item = threadIdx.x; item < KEYS * (PADDED / 8); item += blockDim.x) {
        const u32 row = item / (PADDED / 8), column = item % (PADDED / 8) * 8, position = base + row;
        float x[8] = {0.0f};
        uint4 value = make_uint4(0, 0, 0, 0);
        if (position < end && column < HEAD) {
            const NUMBER *head = keys_at(packed, it, position);
            turned8(head, packed.turns + (u64)position * PAIRS, column, x);
            value = *(const uint4 *)(head + packed.values_from + column);
        }
        store8(x, keys + row * STRIDE + column);
        *(uint4 *)(values + row * STRIDE + column) = value;
    }
}

/// The products of a warp's 16 queries with all keys at hand.
__device__ inline void score(const bfloat16 *queries, const bfloat16 *keys, u32 lane, float (*scores)[4]) {
#pragma unroll
    for (u32 step = 0; step < PADDED / 16; step++) {
        u32 a[4], b[4];
        load_fragments(queries + lane % 16 * STRIDE + step * 16 + lane / 16 * 8, a);
#pragma unroll
        for (u32 tile = 0; tile < KEYS / 16; tile++) {
            load_fragments(keys + (tile * 16 + lane % 8 + lane / 16 * 8) * STRIDE + step * 16 + lane / 8 % 2 * 8, b);
            multiply(scores[2 * tile], a, b[0], b[1]);
            multiply(scores[2 * tile + 1], a, b[2], b[3]);
        }
    }
}

/// Adds the values, weighted.
__device__ inline void mix(const float (*weights)[4], const bfloat16 *values, u32 lane, float (*mixed)[4]) {
#pragma unroll
    for (u32 step = 0; step < KEYS / 16; step++) {
        const float *left = weights[2 * step], *right = weights[2 * step + 1];
        const u32 a[4] = {pack(left[0], left[1]), pack(left[2], left[3]), pack(right[0], right[1]), pack(right[2], right[3])};
        u32 b[4];
#pragma unroll
        for (u32 tile = 0; tile < PADDED / 16; tile++) {
            load_transposed(values + (step * 16 + lane % 8 + lane / 8 % 2 * 8) * STRIDE + tile * 16 + lane / 16 * 8, b);
            multiply(mixed[2 * tile], a, b[0], b[1]);
            multiply(mixed[2 * tile + 1], a, b[2], b[3]);
        }
    }
}

/// Turns the scores of one of a thread's two rows into weights, keeping the greatest score and the sum running.
__device__ inline void soften(float (*scores)[4], u32 half, u32 base, u32 visible, float scale, float *greatest, float *total,
                              float (*mixed)[4]) {
    const u32 lane = threadIdx.x % 32;
    float now = *greatest;
#pragma unroll
    for (u32 tile = 0; tile < KEYS / 8; tile++) {
#pragma unroll
        for (u32 i = 0; i < 2; i++) {
            float *score = &scores[tile][2 * half + i];
            *score = base + tile * 8 + lane % 4 * 2 + i < visible ? *score * scale : negative_infinity();
            now = fmaxf(now, *score);
        }
    }
    now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 1));
    now = fmaxf(now, __shfl_xor_sync(0xffffffffu, now, 2));
    const float before = exp2f(*greatest - now);
    float sum = 0.0f;
#pragma unroll
    for (u32 tile = 0; tile < KEYS / 8; tile++) {
#pragma unroll
        for (u32 i = 0; i < 2; i++) {
            float *score = &scores[tile][2 * half + i];
            *score = exp2f(*score - now);
            sum += *score;
        }
    }
    *greatest = now;
    *total = *total * before + sum;
#pragma unroll
    for (u32 tile = 0; tile < PADDED / 8; tile++) {
        mixed[tile][2 * half] *= before;
        mixed[tile][2 * half + 1] *= before;
    }
}

/// ROWS queries of one head of one sequence. A block of four warps for each, 16 queries to a warp.
extern "C" __global__ void __launch_bounds__(128) attention(const Packed packed) {
    extern __shared__ uint4 fast[];
    bfloat16 *queries = (bfloat16 *)fast, *keys = queries + ROWS * STRIDE, *values = keys + KEYS * STRIDE;
    const Sequence it = sequence_of(packed, ROWS);
    if (it.first >= it.asking) return;
    const u32 rows = min(ROWS, it.asking - it.first), warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    const u32 all = packed.prefix_length + it.length, end = CAUSAL ? it.query_position + rows : all;
    float mixed[PADDED / 8][4] = {}, greatest[2] = {negative_infinity(), negative_infinity()}, total[2] = {0.0f, 0.0f};
    fetch_queries(packed, it, rows, queries);
    for (u32 base = 0; base < end; base += KEYS) {
        __syncthreads();
        fetch_keys(packed, it, base, keys, values);
        __syncthreads();
        if (warp * 16 >= rows) continue;
        float scores[KEYS / 8][4] = {};
        score(queries + warp * 16 * STRIDE, keys, lane, scores);
#pragma unroll
        for (u32 half = 0; half < 2; half++) {
            const u32 position = it.query_position + warp * 16 + lane / 4 + half * 8;
            const u32 visible = CAUSAL ? min(position + 1, all) : all;
            soften(scores, half, base, visible, packed.scale * 1.4426950409f, &greatest[half], &total[half], mixed);
        }
        mix(scores, values, lane, mixed);
    }
#pragma unroll
    for (u32 half = 0; half < 2; half++) {
        // The four threads of a row have seen different keys; the sums come together here.
        total[half] += __shfl_xor_sync(0xffffffffu, total[half], 1);
        total[half] += __shfl_xor_sync(0xffffffffu, total[half], 2);
        const u32 row = warp * 16 + lane / 4 + half * 8;
        if (row >= rows) continue;
        bfloat16 *out = packed.attended + (u64)(it.query_row + row) * packed.out_stride + blockIdx.y * HEAD + lane % 4 * 2;
#pragma unroll
        for (u32 tile = 0; tile < PADDED / 8; tile++) {
            if (tile * 8 >= HEAD) continue;
            *(u32 *)(out + tile * 8) = pack(mixed[tile][2 * half] / total[half], mixed[tile][2 * half + 1] / total[half]);
        }
    }
}
