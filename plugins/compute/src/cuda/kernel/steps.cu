// The steps between the matrix products that look at one token at a time. Widths are multiples of 8.

/// Divides a row by the root of its mean square and multiplies it by the weights. A block for each row.
extern "C" __global__ void rms_norm(const float *x, const float *weights, NUMBER *normed, u32 width, float epsilon) {
    const float *row = x + (u64)blockIdx.x * width;
    float squares = 0.0f, eight[8], weight[8];
    for (u32 column = threadIdx.x * 8; column < width; column += blockDim.x * 8) {
        load8(row + column, eight);
        for (int i = 0; i < 8; i++) squares += eight[i] * eight[i];
    }
    const float scale = 1.0f / sqrtf(sum_of_block(squares) / (float)width + epsilon);
    for (u32 column = threadIdx.x * 8; column < width; column += blockDim.x * 8) {
        load8(row + column, eight);
        load8(weights + column, weight);
        for (int i = 0; i < 8; i++) eight[i] *= scale * weight[i];
        store8(eight, normed + (u64)blockIdx.x * width + column);
    }
}

/// Chosen rows. A block for each.
extern "C" __global__ void pick_rows(const NUMBER *from, const u32 *rows, NUMBER *to, u32 width) {
    float eight[8];
    for (u32 column = threadIdx.x * 8; column < width; column += blockDim.x * 8) {
        load8(from + (u64)rows[blockIdx.x] * width + column, eight);
        store8(eight, to + (u64)blockIdx.x * width + column);
    }
}

extern "C" __global__ void pick_float_rows(const float *from, const u32 *rows, float *to, u32 width) {
    float eight[8];
    for (u32 column = threadIdx.x * 8; column < width; column += blockDim.x * 8) {
        load8(from + (u64)rows[blockIdx.x] * width + column, eight);
        store8(eight, to + (u64)blockIdx.x * width + column);
    }
}

__device__ inline float silu(float x) { return x / (1.0f + __expf(-x)); }

/// The approximation of GELU through tanh.
__device__ inline float gelu_tanh(float x) {
    return 0.5f * x * (1.0f + tanhf(0.7978845608f * (x + 0.044715f * x * x * x)));
}

__device__ inline float gelu_exact(float x) { return 0.5f * x * (1.0f + erff(x * 0.7071067812f)); }

/// Of each row (g, u) the product of the activation of g and u: `kind` 0 is SiLU, 1 GELU by tanh, 2 the exact GELU.
extern "C" __global__ void gate(const NUMBER *rows, NUMBER *gated, u32 width, u64 eights, u32 kind) {
    const u64 eight = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    if (eight >= eights) return;
    const u32 in_row = width / 8;
    const NUMBER *row = rows + eight / in_row * 2 * width + eight % in_row * 8;
    float gates[8], ups[8];
    load8(row, gates);
    load8(row + width, ups);
    if (kind == 0) {
        for (int i = 0; i < 8; i++) gates[i] = silu(gates[i]) * ups[i];
    } else {
        for (int i = 0; i < 8; i++) gates[i] = (kind == 1 ? gelu_tanh(gates[i]) : gelu_exact(gates[i])) * ups[i];
    }
    store8(gates, gated + eight * 8);
}

/// GELU where the numbers lie: `kind` 1 is the one by tanh, 2 the exact one.
extern "C" __global__ void gelu(NUMBER *x, u64 eights, u32 kind) {
    const u64 eight = (u64)blockIdx.x * blockDim.x + threadIdx.x;
    if (eight >= eights) return;
    float numbers[8];
    load8(x + eight * 8, numbers);
    for (int i = 0; i < 8; i++) numbers[i] = kind == 1 ? gelu_tanh(numbers[i]) : gelu_exact(numbers[i]);
    store8(numbers, x + eight * 8);
}

/// Normalises a row to mean 0 and variance 1, then scales and shifts it. Called by whole warps, one for each row.
template <class From>
__device__ inline void normalise(const From *row, const float *weights, const float *shifts, NUMBER *to, u32 width, float epsilon) {
    const u32 lane = threadIdx.x % 32;
    float sum = 0.0f, squares = 0.0f, eight[8], weight[8], shift[8];
    for (u32 column = lane * 8; column < width; column += 256) {
        load8(row + column, eight);
        for (int i = 0; i < 8; i++) sum += eight[i];
    }
    const float mean = sum_of_warp(sum) / (float)width;
    for (u32 column = lane * 8; column < width; column += 256) {
        load8(row + column, eight);
        for (int i = 0; i < 8; i++) squares += (eight[i] - mean) * (eight[i] - mean);
    }
    const float scale = 1.0f / sqrtf(sum_of_warp(squares) / (float)width + epsilon);
    for (u32 column = lane * 8; column < width; column += 256) {
        load8(row + column, eight);
        load8(weights + column, weight);
        load8(shifts + column, shift);
        for (int i = 0; i < 8; i++) eight[i] = (eight[i] - mean) * scale * weight[i] + shift[i];
        store8(eight, to + column);
    }
}

extern "C" __global__ void
layer_norm(const NUMBER *x, const float *weights, const float *shifts, NUMBER *normed, u32 width, u32 rows, float epsilon) {
    const u32 row = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32;
    if (row >= rows) return;
    normalise(x + (u64)row * width, weights, shifts, normed + (u64)row * width, width, epsilon);
}

/// What stands for a token of an encoder: the sum of its word, its position and its segment, normalised. A block of one warp
/// for each token; the sum waits in shared memory.
extern "C" __global__ void embed(const NUMBER *words, const NUMBER *places, const NUMBER *segments, const u32 *tokens,
                                 const u32 *positions, const u32 *sides, const float *weights, const float *shifts, NUMBER *to,
                                 u32 width, float epsilon) {
    extern __shared__ float4 shared[];
    float *sums = (float *)shared;
    const NUMBER *word = words + (u64)tokens[blockIdx.x] * width, *place = places + (u64)positions[blockIdx.x] * width;
    const NUMBER *segment = segments + (u64)sides[blockIdx.x] * width;
    for (u32 column = threadIdx.x * 8; column < width; column += 256) {
        float x[8], y[8], z[8];
        load8(word + column, x);
        load8(place + column, y);
        load8(segment + column, z);
        for (int i = 0; i < 8; i++) x[i] += y[i] + z[i];
        store8(x, sums + column);
    }
    __syncwarp();
    normalise(sums, weights, shifts, to + (u64)blockIdx.x * width, width, epsilon);
}

/// For each row, normed as by `rms_norm`, its products with the rows of the head. A block for each row.
extern "C" __global__ void answer_logits(const float *x, const float *weights, const float *head, float *logits, u32 width,
                                         u32 answers, float epsilon) {
    const float *row = x + (u64)blockIdx.x * width;
    float squares = 0.0f;
    for (u32 column = threadIdx.x; column < width; column += blockDim.x) squares += row[column] * row[column];
    const float scale = 1.0f / sqrtf(sum_of_block(squares) / (float)width + epsilon);
    for (u32 answer = 0; answer < answers; answer++) {
        float sum = 0.0f;
        for (u32 column = threadIdx.x; column < width; column += blockDim.x) {
            sum += row[column] * weights[column] * head[(u64)answer * width + column];
        }
        sum = sum_of_block(sum);
        if (threadIdx.x == 0) logits[blockIdx.x * answers + answer] = sum * scale;
    }
}

/// The classifier of an encoder on the pooled rows: tanh, one product for each class, and its shift. A block for each row.
extern "C" __global__ void
class_logits(const NUMBER *pooled, const float *weights, const float *shifts, float *logits, u32 width, u32 classes) {
    const NUMBER *row = pooled + (u64)blockIdx.x * width;
    for (u32 answer = 0; answer < classes; answer++) {
        float sum = 0.0f;
        for (u32 column = threadIdx.x; column < width; column += blockDim.x) {
            sum += tanhf(widen(row[column])) * weights[(u64)answer * width + column];
        }
        sum = sum_of_block(sum);
        if (threadIdx.x == 0) logits[blockIdx.x * classes + answer] = sum + shifts[answer];
    }
}
