// The text of bench/kernels/text.bench.ts: words and lines until `size` bytes are full.
static void fill_text(uint8_t *target, size_t size) {
  uint8_t word[16];
  size_t end = 0;
  for (uint32_t i = 0; end < size; i++) {
    uint32_t length = word_of(scattered_key(i, 50000), word);
    word[length++] = i % 10 == 9 ? '\n' : ' ';
    if (length > size - end) length = (uint32_t)(size - end);
    memcpy(target + end, word, length);
    end += length;
  }
}
