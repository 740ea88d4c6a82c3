// What `blocks.cu` needs when a test compiles it for the processor.

#include <cmath>
#include <cstdio>
#include <cstring>
#include <vector>

#define __device__
typedef unsigned char u8;
typedef signed char i8;
typedef unsigned short u16;
typedef unsigned int u32;

static float bits_to_float(u32 bits) {
    float x;
    std::memcpy(&x, &bits, 4);
    return x;
}

static float half_to_float(u16 bits) {
    const int exponent = bits >> 10 & 31, fraction = bits & 1023;
    const float size = exponent == 0 ? std::ldexp((float)fraction, -24) : std::ldexp((float)(fraction + 1024), exponent - 25);
    return bits >> 15 ? -size : size;
}
