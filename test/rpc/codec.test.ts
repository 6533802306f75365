import { expect, test } from "bun:test";
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import { decodeFailure, encodeFailure } from "../../src/rpc/asks.ts";
import { decode, encode } from "../../src/rpc/codec.ts";
import { frameBytesMax } from "../../src/rpc/contracts.ts";
import { bodyBytesMax, encodeName, packFrame, readFrame, writeEnvelope } from "../../src/rpc/frames.ts";
import { failure } from "./echo.ts";

const value = {
  type: "everything",
  list: [1, -2.5, { text: "é" }],
  map: new Map<unknown, unknown>([[1, new Set([2n ** 70n])]]),
  doubles: new Float64Array(3),
  date: new Date(5),
  nothing: undefined,
};

test("bytes of others decode or throw, and never spoil what comes after", () => {
  const seed = Date.now() & 0xffff;
  const random = new Random(seed);
  const good = new Uint8Array(encode(value));
  let refused = 0;
  for (let round = 0; round < 6_000; round++) {
    let bytes = Uint8Array.from({ length: 1 + random.below(60) }, () => random.below(256));
    if (round % 2 === 0) {
      bytes = new Uint8Array(good);
      for (let i = random.below(4); i >= 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    }
    try {
      decode(bytes);
    } catch (error) {
      if (!(error instanceof FiresteelError)) throw new Error(`seed ${seed}, round ${round}: ${String(error)}`);
      refused++;
    }
    if (round % 50 === 0 && !Bun.deepEquals(decode(good), value))
      throw new Error(`seed ${seed}, round ${round}: spoilt`);
  }
  expect(refused).toBeGreaterThan(1_000);
  expect(Object.keys(Object.prototype)).toEqual([]);
});

test("what is no plain data throws, and the next message is right", () => {
  for (const wrong of [() => 1, { f: Symbol("x") }, { deep: { f: () => 1 } }]) {
    expect(() => encode(wrong)).toThrow("a message cannot be sent");
    expect(decode(encode(value))).toEqual(value);
  }
  let deep: unknown = 1;
  for (let i = 0; i < 200_000; i++) deep = [deep];
  expect(() => encode(deep)).toThrow("a message cannot be sent");
  expect(() => decode(new Uint8Array(300_000).fill(0x81))).toThrow("a message cannot be read");
  expect(decode(encode(value))).toEqual(value);
});

test("frames of any bytes are read or refused", () => {
  const seed = Date.now() & 0xffff;
  const random = new Random(seed);
  const envelopes = [
    writeEnvelope("send", 0, encodeName("a"), new Uint8Array([1])),
    writeEnvelope("ask", 7, encodeName("é"), new Uint8Array(50)),
    writeEnvelope("reply", 2 ** 40, new Uint8Array(0), new Uint8Array(0)),
  ];
  const { frame, to } = packFrame(envelopes, 0);
  expect(to).toBe(3);
  expect(readFrame(frame).map(each => [each.kind, each.number, each.endpoint, each.body.length])).toEqual([
    ["send", 0, "a", 1],
    ["ask", 7, "é", 50],
    ["reply", 2 ** 40, "", 0],
  ]);
  let refused = 0;
  for (let round = 0; round < 5_000; round++) {
    const bytes = new Uint8Array(frame).subarray(0, 1 + random.below(frame.length));
    for (let i = random.below(4); i > 0; i--) bytes[random.below(bytes.length)] = random.below(256);
    try {
      readFrame(bytes);
    } catch (error) {
      if (!(error instanceof FiresteelError)) throw new Error(`seed ${seed}, round ${round}: ${String(error)}`);
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(1_000);
});

test("frames hold as many envelopes as fit, and the largest message fits", () => {
  const half = writeEnvelope("send", 0, encodeName("x"), new Uint8Array(frameBytesMax / 2 - 15));
  expect(packFrame([half, half, half], 0).to).toBe(2);
  expect(packFrame([half, half, half], 0).frame.length).toBe(frameBytesMax);
  const name = encodeName("n".repeat(255));
  expect(writeEnvelope("ask", 1, name, new Uint8Array(bodyBytesMax)).length).toBe(frameBytesMax);
  expect(() => encodeName("")).toThrow("cannot name an endpoint");
  expect(() => encodeName("n".repeat(256))).toThrow("cannot name an endpoint");
});

test("failures of any size arrive", async () => {
  const cause = new FiresteelError("data", "why");
  const back = decodeFailure(encodeFailure(new FiresteelError("lost", "what", { hint: "do", cause })));
  expect([back.kind, back.message, back.hint, (back.cause as Error).message]).toEqual(["lost", "what", "do", "why"]);
  const large = decodeFailure(encodeFailure(new FiresteelError("user", "x".repeat(5 << 20))));
  expect(large.kind).toBe("user");
  expect(large.message.length).toBeLessThan(70_000);
  expect(decodeFailure(encodeFailure(undefined)).message).toBe("a value that is not an Error was thrown: undefined");
  const unreadable = await failure(Promise.reject(decodeFailure(encode({ kind: "nonsense", message: 3 }))));
  expect(unreadable.message).toBe("the peer failed, and its error cannot be read");
});
