// The blocks in which GGUF keeps quantized numbers, and how eight neighbours of a block are read.
//
// The layouts are those of llama.cpp's ggml-common.h. A `read` takes eight numbers of a block, of which the first is a
// multiple of 8. Plain C++, so that a test compiles the same text for the processor and compares it with another reader.

__device__ inline float half_at(const u8 *at) { return half_to_float((u16)(at[0] | at[1] << 8)); }

__device__ inline float float_at(const u8 *at) {
    return bits_to_float((u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24);
}

struct F32 {
    static const u32 NUMBERS = 8, BYTES = 32;
    static __device__ void read(const u8 *block, u32, float *x) {
        for (int i = 0; i < 8; i++) x[i] = float_at(block + 4 * i);
    }
};

struct F16 {
    static const u32 NUMBERS = 8, BYTES = 16;
    static __device__ void read(const u8 *block, u32, float *x) {
        for (int i = 0; i < 8; i++) x[i] = half_at(block + 2 * i);
    }
};

struct BF16 {
    static const u32 NUMBERS = 8, BYTES = 16;
    static __device__ void read(const u8 *block, u32, float *x) {
        for (int i = 0; i < 8; i++) x[i] = bits_to_float((u32)block[2 * i] << 16 | (u32)block[2 * i + 1] << 24);
    }
};

/// The numbers 0 to 15 of a block lie in the lower halves of its bytes, 16 to 31 in the upper.
__device__ inline u32 nibble(const u8 *bytes, u32 place) {
    return place < 16 ? bytes[place] & 15 : bytes[place - 16] >> 4;
}

__device__ inline u32 word_at(const u8 *at) { return at[0] | at[1] << 8 | at[2] << 16 | (u32)at[3] << 24; }

struct Q4_0 {
    static const u32 NUMBERS = 32, BYTES = 18;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const float scale = half_at(block);
        for (int i = 0; i < 8; i++) x[i] = scale * (float)((int)nibble(block + 2, first + i) - 8);
    }
};

struct Q4_1 {
    static const u32 NUMBERS = 32, BYTES = 20;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const float scale = half_at(block), least = half_at(block + 2);
        for (int i = 0; i < 8; i++) x[i] = scale * (float)nibble(block + 4, first + i) + least;
    }
};

struct Q5_0 {
    static const u32 NUMBERS = 32, BYTES = 22;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const float scale = half_at(block);
        const u32 fifth = word_at(block + 2) >> first;
        for (int i = 0; i < 8; i++) {
            const u32 number = nibble(block + 6, first + i) | (fifth >> i & 1) << 4;
            x[i] = scale * (float)((int)number - 16);
        }
    }
};

struct Q5_1 {
    static const u32 NUMBERS = 32, BYTES = 24;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const float scale = half_at(block), least = half_at(block + 2);
        const u32 fifth = word_at(block + 4) >> first;
        for (int i = 0; i < 8; i++) {
            const u32 number = nibble(block + 8, first + i) | (fifth >> i & 1) << 4;
            x[i] = scale * (float)number + least;
        }
    }
};

struct Q8_0 {
    static const u32 NUMBERS = 32, BYTES = 34;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const float scale = half_at(block);
        for (int i = 0; i < 8; i++) x[i] = scale * (float)(i8)block[2 + first + i];
    }
};

// The larger blocks hold 256 numbers in two halves of 128. In Q2_K, Q3_K and Q6_K number `l` of each of the four 32s of a
// half shares its bytes with number `l` of the others.

struct Q2_K {
    static const u32 NUMBERS = 256, BYTES = 84;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const u32 half = first / 128, quarter = first % 128 / 32, place = first % 32;
        const u32 scales = block[half * 8 + quarter * 2 + place / 16];
        const float scale = half_at(block + 80) * (float)(scales & 15), least = half_at(block + 82) * (float)(scales >> 4);
        const u8 *bytes = block + 16 + half * 32 + place;
        for (int i = 0; i < 8; i++) x[i] = scale * (float)(bytes[i] >> 2 * quarter & 3) - least;
    }
};

struct Q3_K {
    static const u32 NUMBERS = 256, BYTES = 110;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const u32 half = first / 128, quarter = first % 128 / 32, place = first % 32;
        const u32 group = half * 8 + quarter * 2 + place / 16;
        const u8 *scales = block + 96;
        const u32 low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4;
        const u32 high = scales[8 + group % 4] >> 2 * (group / 4) & 3;
        const float scale = half_at(block + 108) * (float)((int)(low | high << 4) - 32);
        const u8 *bytes = block + 32 + half * 32 + place, *mask = block + place;
        const u32 bit = half * 4 + quarter;
        for (int i = 0; i < 8; i++) {
            const int number = (int)(bytes[i] >> 2 * quarter & 3) - (mask[i] >> bit & 1 ? 0 : 4);
            x[i] = scale * (float)number;
        }
    }
};

/// The scale and the least number of one of the eight groups of Q4_K and Q5_K, six bits each.
__device__ inline void six_bits(const u8 *scales, u32 group, float *scale, float *least) {
    if (group < 4) {
        *scale = (float)(scales[group] & 63);
        *least = (float)(scales[group + 4] & 63);
    } else {
        *scale = (float)((scales[group + 4] & 15) | (scales[group - 4] >> 6) << 4);
        *least = (float)((scales[group + 4] >> 4) | (scales[group] >> 6) << 4);
    }
}

struct Q4_K {
    static const u32 NUMBERS = 256, BYTES = 144;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const u32 group = first / 32;
        float scale, least;
        six_bits(block + 4, group, &scale, &least);
        scale *= half_at(block), least *= half_at(block + 2);
        const u8 *bytes = block + 16 + group / 2 * 32 + first % 32;
        const u32 shift = group % 2 * 4;
        for (int i = 0; i < 8; i++) x[i] = scale * (float)(bytes[i] >> shift & 15) - least;
    }
};

struct Q5_K {
    static const u32 NUMBERS = 256, BYTES = 176;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const u32 group = first / 32;
        float scale, least;
        six_bits(block + 4, group, &scale, &least);
        scale *= half_at(block), least *= half_at(block + 2);
        const u8 *bytes = block + 48 + group / 2 * 32 + first % 32, *fifth = block + 16 + first % 32;
        const u32 shift = group % 2 * 4;
        for (int i = 0; i < 8; i++) {
            const u32 number = (bytes[i] >> shift & 15) | (fifth[i] >> group & 1) << 4;
            x[i] = scale * (float)number - least;
        }
    }
};

struct Q6_K {
    static const u32 NUMBERS = 256, BYTES = 210;
    static __device__ void read(const u8 *block, u32 first, float *x) {
        const u32 half = first / 128, quarter = first % 128 / 32, place = first % 32;
        const float scale = half_at(block + 208) * (float)(i8)block[192 + half * 8 + quarter * 2 + place / 16];
        const u8 *low = block + half * 64 + quarter % 2 * 32 + place, *high = block + 128 + half * 32 + place;
        for (int i = 0; i < 8; i++) {
            const u32 number = (low[i] >> quarter / 2 * 4 & 15) | (high[i] >> 2 * quarter & 3) << 4;
            x[i] = scale * (float)((int)number - 32);
        }
    }
};

#define FOR_EACH_FORMAT(DO) \
    DO(F32) DO(F16) DO(BF16) DO(Q4_0) DO(Q4_1) DO(Q5_0) DO(Q5_1) DO(Q8_0) DO(Q2_K) DO(Q3_K) DO(Q4_K) DO(Q5_K) DO(Q6_K)
