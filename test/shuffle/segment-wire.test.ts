import { describe, expect, test } from "bun:test";
import type { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { decodeRequest, encodeRequest, type SegmentRequest } from "../../src/shuffle/segment-wire.ts";

describe("a request", () => {
  const request: SegmentRequest = {
    codec: "lz4",
    hostId: "a host",
    readsFiles: true,
    limitBytes: 1e9,
    segments: [
      { exchange: 1, mapPartition: 2, checksum: 0xffff_fff0, reducePartition: 4, firstBlock: 5 },
      { exchange: 6, mapPartition: 7, checksum: 8, reducePartition: 9, firstBlock: 0 },
    ],
  };

  test("is read as it was written", () => {
    expect(decodeRequest(encodeRequest(request))).toEqual(request);
  });

  test("that is cut, too long or garbage is refused", () => {
    const body = encodeRequest(request);
    for (let bytes = 0; bytes < body.length; bytes++)
      expect(() => decodeRequest(body.subarray(0, bytes))).toThrow("this is no request for shuffle segments");
    expect(() => decodeRequest(new Uint8Array([...body, 0]))).toThrow("it has another length");
    const seed = Date.now() & 0xffff;
    const random = new Random(seed);
    for (let round = 0; round < 2000; round++) {
      const harmed = body.slice();
      harmed[random.below(20)] = random.below(256);
      try {
        decodeRequest(harmed);
      } catch (thrown) {
        expect({ seed, kind: (thrown as FiresteelError).kind }).toEqual({ seed, kind: "data" });
      }
    }
  });
});
