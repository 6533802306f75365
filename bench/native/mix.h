// The hashing of kernels/hash.ts that the C twins need.
static inline uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

#define PRIME1 0x9e3779b185ebca87ull
#define PRIME2 0xc2b2ae3d27d4eb4full

static inline uint64_t hash_number(double value) {
  uint64_t bits;
  value += 0.0;
  memcpy(&bits, &value, 8);
  if (value != value) bits = 0x7ff8000000000000ull;
  return mix(bits ^ 5 * PRIME1);
}

static inline uint64_t rotl64(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

// Up to 16 bytes; reads 16, so the buffer has room behind its last string.
static inline uint64_t hash_string(const uint8_t *p, uint32_t length) {
  uint64_t a, b, seed = 8 * PRIME1;
  memcpy(&a, p, 8);
  memcpy(&b, p + 8, 8);
  if (length < 8) a &= (1ull << length * 8) - 1;
  if (length <= 8) b = 0;
  else if (length < 16) b &= (1ull << (length - 8) * 8) - 1;
  return mix((((a ^ seed) * PRIME1) ^ rotl64((b + seed) * PRIME2, 32)) + length * PRIME2);
}
