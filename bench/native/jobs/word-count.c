// Twin of bench/jobs/word-count.ts: the file mapped, one table of words that grows, FNV-1a.
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

typedef struct {
  const char *word;
  uint32_t length, hash;
  uint64_t count;
} Entry;

static Entry *table;
static size_t capacity = 1 << 18, used;

static Entry *find(const char *word, uint32_t length, uint32_t hash) {
  size_t at = hash & (capacity - 1);
  while (table[at].count && (table[at].hash != hash || table[at].length != length || memcmp(table[at].word, word, length)))
    at = (at + 1) & (capacity - 1);
  return &table[at];
}

static void grow(void) {
  Entry *old = table;
  size_t slots = capacity;
  capacity *= 2;
  table = calloc(capacity, sizeof(Entry));
  for (size_t i = 0; i < slots; i++)
    if (old[i].count) *find(old[i].word, old[i].length, old[i].hash) = old[i];
  free(old);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int file = open(argv[1], O_RDONLY);
  struct stat info;
  if (file < 0 || fstat(file, &info)) return 1;
  const char *text = mmap(0, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  const char *end = text + info.st_size;
  table = calloc(capacity, sizeof(Entry));
  for (const char *at = text; at < end;) {
    const char *word = at;
    uint64_t wide = 14695981039346656037ull;
    while (at < end && *at != ' ' && *at != '\n') wide = (wide ^ (uint8_t)*at++) * 1099511628211ull;
    uint32_t hash = (uint32_t)(wide ^ (wide >> 32)), length = (uint32_t)(at - word);
    Entry *entry = find(word, length, hash);
    if (!entry->count++) {
      entry->word = word;
      entry->length = length;
      entry->hash = hash;
      if (++used * 2 > capacity) grow();
    }
    at++;
  }
  uint64_t most = 0;
  for (size_t i = 0; i < capacity; i++)
    if (table[i].count > most) most = table[i].count;
  printf("%zu %lu\n", used, (unsigned long)most);
  return 0;
}
