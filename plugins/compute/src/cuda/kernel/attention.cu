// Attention over packed sequences that share a prefix. HEAD is the width of a head, PAIRS how many pairs of it turn with the
// position, HALVES whether the two of a pair stand half a head apart (else side by side), CAUSAL whether a token sees only
// what comes before it.

/// Eight neighbours of one head, turned by the position to which `turns` (cosine, sine of each pair) belongs.
__device__ inline void turned8(const NUMBER *head, const float2 *turns, u32 column, float *x) {
    load8(head + column, x);
    if (PAIRS == 0) return;
#pragma unroll
    for (u32 i = 0; i < 8; i += HALVES ? 1 : 2) {
        if (HALVES) {
            if (column + i >= 2 * PAIRS) continue;
            const bool low = column + i < PAIRS;
            const u32 pair = low ? column + i : column + i - PAIRS;
            const float other = widen(head[low ? pair + PAIRS : pair]);
            const float2 turn = turns[pair];
            x[i] = x[i] * turn.x + (low ? -other : other) * turn.y;
        } else {
            if (column + i >= 2 * PAIRS) continue;
            const float2 turn = turns[(column + i) / 2];
            const float left = x[i], right = x[i + 1];
            x[i] = left * turn.x - right * turn.y;
            x[i + 1] = left * turn.y + right * turn.x;
        }
    }
}

/// The rows that a block works on.
struct Packed {
    /// Of the queries, one row for each token, or for each sequence where only its last token asks.
    const NUMBER *queries;
    u32 query_stride;
    /// Keys, and `values_from` columns further the values, one row for each token.
    const NUMBER *keys;
    u32 key_stride;
    u32 values_from;
    /// The same for the tokens that all sequences begin with; its rows have no others between them.
    const NUMBER *prefix;
    u32 prefix_length;
    /// Where each sequence begins, and the end of the last.
    const u32 *starts;
    const float2 *turns;
    float scale;
    /// Query heads that share a key head.
    u32 group;
    u32 only_last;
    NUMBER *attended;
    u32 out_stride;
};

/// One sequence, as one block sees it.
struct Sequence {
    u32 start, length, first, asking, query_row, query_position;
};

__device__ inline Sequence sequence_of(const Packed &packed, u32 rows) {
    Sequence it;
    it.start = packed.starts[blockIdx.z];
    it.length = packed.starts[blockIdx.z + 1] - it.start;
    it.first = blockIdx.x * rows;
    it.asking = packed.only_last ? 1 : it.length;
    it.query_row = packed.only_last ? blockIdx.z : it.start + it.first;
    it.query_position = packed.prefix_length + (packed.only_last ? it.length - 1 : it.first);
    return it;
}

/// The keys of one head at a position.
__device__ inline const NUMBER *keys_at(const Packed &packed, const Sequence &sequence, u32 position) {
    const NUMBER *row = position < packed.prefix_length
                            ? packed.prefix + (u64)position * 2 * packed.values_from
                            : packed.keys + (u64)(sequence.start + position - packed.prefix_length) * packed.key_stride;
    return row + blockIdx.y / packed.group * HEAD;
}

/// One query of one head, in full precision: slow, plain, and what the fast one is compared with. A block for each.
extern "C" __global__ void attention_plain(const Packed packed) {
    extern __shared__ float4 shared[];
    float *query = (float *)shared, *scores = query + HEAD;
    const Sequence it = sequence_of(packed, 1);
    if (it.first >= it.asking) return;
    if (threadIdx.x < HEAD / 8) {
        float x[8];
        const NUMBER *head = packed.queries + (u64)it.query_row * packed.query_stride + blockIdx.y * HEAD;
        turned8(head, packed.turns + (u64)it.query_position * PAIRS, threadIdx.x * 8, x);
        for (int i = 0; i < 8; i++) query[threadIdx.x * 8 + i] = x[i] * packed.scale;
    }
    __syncthreads();
    const u32 visible = CAUSAL ? it.query_position + 1 : packed.prefix_length + it.length;
    float greatest = negative_infinity();
    for (u32 position = threadIdx.x; position < visible; position += blockDim.x) {
        const NUMBER *keys = keys_at(packed, it, position);
        float sum = 0.0f, x[8];
        for (u32 column = 0; column < HEAD; column += 8) {
            turned8(keys, packed.turns + (u64)position * PAIRS, column, x);
            for (int i = 0; i < 8; i++) sum += query[column + i] * x[i];
        }
        scores[position] = sum;
        greatest = fmaxf(greatest, sum);
    }
    greatest = maximum_of_block(greatest);
    float total = 0.0f;
    for (u32 position = threadIdx.x; position < visible; position += blockDim.x) {
        scores[position] = expf(scores[position] - greatest);
        total += scores[position];
    }
    total = sum_of_block(total);
    for (u32 column = threadIdx.x; column < HEAD; column += blockDim.x) {
        float sum = 0.0f;
        for (u32 position = 0; position < visible; position++) {
            sum += scores[position] * widen(keys_at(packed, it, position)[packed.values_from + column]);
        }
        narrow(sum / total, packed.attended + (u64)it.query_row * packed.out_stride + blockIdx.y * HEAD + column);
    }
}
