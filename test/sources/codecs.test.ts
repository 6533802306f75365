import { expect, test } from "bun:test";
import { deflateSync } from "node:zlib";
import { Random } from "../../src/base/random.ts";
import { planText } from "../../src/sources/byte-splits.ts";
import type { ByteReader } from "../../src/sources/byte-reader.ts";
import { checkOutputCodec, type Codec, codecExtension } from "../../src/sources/codecs.ts";
import { readHead } from "../../src/sources/file-head.ts";
import { resolvePaths } from "../../src/sources/input-files.ts";
import { openSplit } from "../../src/sources/open-split.ts";
import { unpacked } from "../../src/sources/unpack.ts";
import { measuredAlone } from "../alone.ts";
import { allRows, failure, temporaryFolder, testEnv } from "./fixture.ts";
import { bomb, compress, readerOf } from "./packed.ts";

/** `printf 'one\ntwo\nthree\n' | bzip2 -9`. */
const smallBzip2 = Buffer.from("QlpoOTFBWSZTWQh7fdcAAATBgAAQAkGUgCAAMQwIIaPUyIVHMjio8XckU4UJAIe33XA=", "base64");

/** Random words in lines of random lengths; some lines empty, some long. */
function randomText(seed: number, bytes: number, lineEnd: string): string {
  let state = seed;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff;
  const parts: string[] = [];
  for (let length = 0; length < bytes;) {
    const words = Array.from(
      { length: Math.floor(random() ** 4 * 60) },
      () => `wörd${Math.floor(random() ** 3 * 9000)}`,
    );
    const line = random() < 0.001 ? "z".repeat(10_000) : words.join(" ");
    parts.push(line, lineEnd);
    length += line.length + lineEnd.length;
  }
  return parts.join("");
}

const hasBzip2 = Bun.which("bzip2") !== null;
const codecs: Codec[] = ["gzip", "deflate", "zstd", ...(hasBzip2 ? (["bzip2"] as const) : [])];

async function allBytes(reader: ByteReader, intoBytes = 1 << 16): Promise<Buffer> {
  const pieces: Buffer[] = [];
  const into = Buffer.alloc(intoBytes);
  try {
    for (;;) {
      const got = await reader.read(into);
      if (got === 0) return Buffer.concat(pieces);
      pieces.push(Buffer.from(into.subarray(0, got)));
    }
  } finally {
    reader.close();
  }
}

for (const codec of codecs) {
  test(`${codec} files are read as their text, whatever the line ends, in one split each`, async () => {
    using folder = temporaryFolder();
    const seed = 20261121;
    for (const lineEnd of ["\n", "\r\n"]) {
      const text = randomText(seed, 1_500_000, lineEnd);
      const packed = compress(codec, Buffer.from(`\ufeff${text}last`));
      const path = folder.file(`in${codecExtension(codec)}`, packed);
      const env = testEnv();
      const { format, splits } = planText(resolvePaths(path), 8);
      expect(splits.length).toBe(1);
      expect(await allRows(openSplit(format, splits[0]!, env))).toEqual([...text.split(lineEnd).slice(0, -1), "last"]);
      expect(env.counts.bytesRead).toBe(packed.length);
    }
  });

  test(`${codec} is a layer over any reader: pieces of any size, at once or late, several members`, async () => {
    const text = Buffer.from(randomText(7, 300_000, "\n"));
    const packed = Buffer.concat([
      compress(codec, text.subarray(0, 100_001)),
      ...(codec === "deflate" ? [] : [compress(codec, Buffer.alloc(0)), compress(codec, text.subarray(100_001))]),
    ]);
    const expected = codec === "deflate" ? text.subarray(0, 100_001) : text;
    for (const [pieceBytes, isLate] of [
      [1, false],
      [777, true],
      [1 << 20, false],
      [1 << 20, true],
    ] as const) {
      const reader = readerOf(packed, pieceBytes, isLate);
      expect((await allBytes(unpacked(reader, codec, "x"), 10_007)).equals(expected)).toBe(true);
      expect(reader.isClosed).toBe(true);
    }
  });

  test(`${codec} that was cut anywhere is an error, never less text`, async () => {
    const packed = compress(codec, Buffer.from(randomText(3, 60_000, "\n")));
    const cuts = [
      1,
      2,
      3,
      4,
      5,
      9,
      14,
      20,
      64,
      1000,
      packed.length >> 1,
      packed.length - 9,
      packed.length - 4,
      packed.length - 1,
    ];
    for (const cut of cuts) {
      const error = await failure(allBytes(unpacked(readerOf(packed.subarray(0, cut), 4096, false), codec, "/d/x")));
      expect(error.message).toBe(`broken ${codec} file /d/x: it ends at byte ${cut}, in the middle of its data`);
      expect(error.hint).toBe("the file was cut short; copy or compress it again");
    }
  });

  test(`${codec} with a bit that fell over is an error`, async () => {
    const packed = compress(codec, Buffer.from(randomText(4, 60_000, "\n")));
    for (let i = 0; i < 40; i++) {
      const damaged = Buffer.from(packed);
      const at = 30 + Math.floor(((packed.length - 34) * i) / 40);
      damaged[at]! ^= 1 << (i % 8);
      const error = await failure(allBytes(unpacked(readerOf(damaged, 4096, false), codec, "/d/x")));
      expect(error.kind).toBe("data");
      expect(error.message).toStartWith(`broken ${codec} file /d/x: `);
    }
  });

  test(`plain text named as ${codec} says so`, async () => {
    const error = await failure(
      allBytes(unpacked(readerOf(Buffer.from("just words, no more"), 5, true), codec, "/d/x")),
    );
    expect(error.message).toBe(`broken ${codec} file /d/x: it does not begin as ${codec} data does`);
    expect(error.hint).toBe(`if it is plain text, give it a name without ${codecExtension(codec)}`);
  });

  test(`a small ${codec} file of a great deal of data costs no memory`, () => {
    // bzip2 is slow
    const bytes = codec === "bzip2" ? 1 << 26 : 1 << 28;
    const read = measuredAlone<{ packedBytes: number; readBytes: number; grownBytes: number }>(
      "test/sources/read-bomb.ts",
      codec,
      String(bytes),
    );
    expect(read.packedBytes).toBeLessThan(300_000);
    expect(read.readBytes).toBe(bytes);
    expect(read.grownBytes).toBeLessThan(50 << 20);
  });

  test(`the head of a ${codec} file is its first text, without its mark`, () => {
    using folder = temporaryFolder();
    const text = randomText(5, 4_000_000, "\n");
    const path = folder.file(`in${codecExtension(codec)}`, compress(codec, Buffer.from(`\ufeff${text}`)));
    const [file] = resolvePaths(path);
    const head = readHead(file!, 1 << 20);
    expect(head.isWholeFile).toBe(false);
    expect(head.bytes.length).toBeGreaterThan(50_000);
    expect(head.bytes.length).toBeLessThan(4_000_000);
    expect(Buffer.from(text).subarray(0, head.bytes.length).equals(head.bytes)).toBe(true);
  });
}

test("bzip2 is read where no such tool is there", async () => {
  expect((await allBytes(unpacked(readerOf(smallBzip2, 3, false), "bzip2", "x"))).toString()).toBe("one\ntwo\nthree\n");
});

test("a file with more behind its compressed data is an error", async () => {
  const behind = Buffer.concat([smallBzip2, Buffer.from("more")]);
  expect((await failure(allBytes(unpacked(readerOf(behind, 100, false), "bzip2", "/d/x")))).message).toBe(
    `broken bzip2 file /d/x: there is more behind its data, from byte ${smallBzip2.length}`,
  );
  const zlibBehind = Buffer.concat([deflateSync("text"), Buffer.from("more")]);
  const error = await failure(allBytes(unpacked(readerOf(zlibBehind, 100, false), "deflate", "/d/x")));
  expect(error.message).toBe(
    `broken deflate file /d/x: there is more behind its data, from byte ${zlibBehind.length - 4}`,
  );
});

test("codecs to write with are known by name", () => {
  expect(checkOutputCodec("zstd")).toBe("zstd");
  expect(() => checkOutputCodec("bzip2")).toThrow("bzip2 files can be read, but not written");
  expect(() => checkOutputCodec("gzp")).toThrow('unknown codec "gzp"');
  expect(() => checkOutputCodec(7)).toThrow("unknown codec 7");
});

test("any text in any codec, with any line ends, is the lines that it is, in as many partitions as it can be", async () => {
  using folder = temporaryFolder();
  const pieces = ["a", "é", "\n", "\r\n", "\r", "漢字", " ", "😀", "x".repeat(300)];
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(200) }, () => pieces[random.below(pieces.length)]!).join("");
    const expected = text.split(/\r?\n/);
    if (expected.at(-1) === "") expected.pop();
    const marked = Buffer.from(random.below(2) === 0 ? text : `\ufeff${text}`);
    const wanted = 1 + random.below(12);
    for (const codec of [undefined, ...codecs]) {
      const path =
        codec === undefined
          ? folder.file("in.txt", marked)
          : folder.file(`in${codecExtension(codec)}`, compress(codec, marked));
      const { format, splits } = planText(resolvePaths(path), wanted);
      if (codec !== undefined) expect(splits.length).toBe(1);
      const lines: unknown[] = [];
      for (const split of splits) lines.push(...(await allRows(openSplit(format, split, testEnv()))));
      expect({ seed, codec, lines }).toEqual({ seed, codec, lines: expected });
    }
  }
});

test("one line without an end is refused at its limit, however small its file", async () => {
  using folder = temporaryFolder();
  for (const codec of codecs) {
    const path = folder.file(`in${codecExtension(codec)}`, bomb(codec, codec === "bzip2" ? 1 << 24 : 1 << 28));
    const env = testEnv(8 << 20);
    const { format, splits } = planText(resolvePaths(path), 1, { maxLineBytes: 1 << 20 });
    const error = await failure(allRows(openSplit(format, splits[0]!, env)));
    expect(error.message).toBe(`a line of ${path} is longer than 1048576 bytes; it begins at byte 0`);
    expect(env.counts.bytesRead).toBeLessThan(600_000);
  }
});
