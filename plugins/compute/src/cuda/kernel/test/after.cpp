// Expands the blocks that come in, of the format that is named, to numbers of 32 bits.

template <class Format> static void expand(const std::vector<u8> &blocks) {
    for (size_t block = 0; block < blocks.size() / Format::BYTES; block++) {
        for (u32 first = 0; first < Format::NUMBERS; first += 8) {
            float x[8];
            Format::read(blocks.data() + block * Format::BYTES, first, x);
            std::fwrite(x, 4, 8, stdout);
        }
    }
}

#define CASE(FORMAT) \
    if (!std::strcmp(name[1], #FORMAT)) return expand<FORMAT>(blocks), 0;

int main(int, char **name) {
    std::vector<u8> blocks;
    for (int byte; (byte = std::getchar()) != EOF;) blocks.push_back((u8)byte);
    CASES
    return 1;
}
