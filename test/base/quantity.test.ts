import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  formatBytes,
  formatCount,
  formatDuration,
  parseBytes,
  parseDurationMs,
  printBytes,
  printDuration,
} from "../../src/base/quantity.ts";

describe("parsing", () => {
  test.each([
    ["0", 0],
    ["512", 512],
    ["64k", 65536],
    ["64 KB", 65536],
    ["1.5g", 1610612736],
    ["2T", 2199023255552],
  ])("%s is %d bytes", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

  test.each([
    ["250ms", 250],
    ["10s", 10_000],
    ["5min", 300_000],
    ["5m", 300_000],
    ["1.5h", 5_400_000],
    ["1d", 86_400_000],
  ])("%s is %d ms", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

  test.each(["", "g", "-1", "1e3", "0x10", "1 2", "1gg", "1constructor", "99999999999999t", "1,5g", "∞"])(
    "%p is no amount",
    text => {
      expect(parseBytes(text)).toBeUndefined();
      expect(parseDurationMs(text)).toBeUndefined();
    },
  );

  test("what is printed reads back", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(60), (n, shift) => {
        const amount = Number.isSafeInteger(n * 2 ** shift) ? n * 2 ** shift : n;
        expect(parseBytes(printBytes(amount))).toBe(amount);
        expect(parseDurationMs(printDuration(amount))).toBe(amount);
      }),
    );
  });
});

describe("formatting", () => {
  test("bytes", () => {
    expect([0, 1023, 1024, 1536, 1024 ** 2 - 1, 5 * 1024 ** 3].map(formatBytes)).toEqual([
      ...["0 B", "1023 B", "1.0 KiB", "1.5 KiB", "1.0 MiB", "5.0 GiB"],
    ]);
  });

  test("durations", () => {
    expect([0, 4.4, 99.9, 520, 9994, 9996, 59_949, 59_951, 245_000, 3_599_600, 7_380_000].map(formatDuration)).toEqual([
      ...[
        "0 ms",
        "4 ms",
        "0.10 s",
        "0.52 s",
        "9.99 s",
        "10.0 s",
        "59.9 s",
        "1 min 00 s",
        "4 min 05 s",
        "1 h 00 min",
        "2 h 03 min",
      ],
    ]);
  });

  test("counts", () => {
    expect([0, 999, 1000, 1234567].map(formatCount)).toEqual(["0", "999", "1,000", "1,234,567"]);
  });
});
