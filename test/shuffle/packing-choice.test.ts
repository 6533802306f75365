/** The choice between packed and plain blocks, on a network and a codec that take simulated time. */
import { describe, expect, test } from "bun:test";
import { PackingChoice, PackingChoices } from "../../src/shuffle/packing-choice.ts";

const pieceBytes = 128 << 10;
const copyNs = 0.2;

interface Line {
  readonly sendNs: number;
  readonly packNs: number;
  readonly ratio: number;
}

/** Sends pieces over a line, and counts how many of the plain bytes went packed. */
class Sender {
  nowMs = 0;
  readonly choice = new PackingChoice(() => this.nowMs);

  send(megabytes: number, { sendNs, packNs, ratio }: Line): { readonly packed: number; readonly tookMs: number } {
    let [packed, plain] = [0, 0];
    const startMs = this.nowMs;
    this.choice.opened();
    while (plain < megabytes * 2 ** 20) {
      const { packs } = this.choice;
      const stored = packs ? pieceBytes * ratio : pieceBytes;
      const busyMs = (pieceBytes * (packs ? packNs : copyNs)) / 1e6;
      // sending goes on beside packing
      this.nowMs += Math.max(busyMs, (stored * sendNs) / 1e6);
      this.choice.gave(pieceBytes);
      plain += pieceBytes;
      if (packs) packed += pieceBytes;
    }
    this.choice.closed();
    return { packed: packed / plain, tookMs: this.nowMs - startMs };
  }
}

const lines: Readonly<Record<string, readonly [Line, "packed" | "plain"]>> = {
  "a network faster than the codec": [{ sendNs: 0.5, packNs: 3, ratio: 0.4 }, "plain"],
  "1 Gb/s and rows that shrink": [{ sendNs: 8, packNs: 3, ratio: 0.5 }, "packed"],
  "1 Gb/s and rows that do not": [{ sendNs: 8, packNs: 3, ratio: 0.98 }, "plain"],
  "a slow line, and a slow codec that shrinks little": [{ sendNs: 80, packNs: 12, ratio: 0.8 }, "packed"],
  "a codec faster than 10 Gb/s": [{ sendNs: 0.8, packNs: 0.4, ratio: 0.3 }, "packed"],
};

describe("what goes to other hosts", () => {
  for (const [name, [line, expected]] of Object.entries(lines)) {
    test(`${name}: ${expected}`, () => {
      const sender = new Sender();
      sender.send(16, line);
      const { packed, tookMs } = sender.send(1024, line);
      expect(packed)[expected === "packed" ? "toBeGreaterThan" : "toBeLessThan"](expected === "packed" ? 0.95 : 0.05);
      const { sendNs, packNs, ratio } = line;
      const bestMs = 2 ** 30 * Math.min(sendNs, Math.max(packNs, sendNs * ratio)) * 1e-6;
      expect(tookMs).toBeLessThan(bestMs * 1.15);
    });
  }

  test("follows a network that becomes slower, and faster again", () => {
    const sender = new Sender();
    const codec = { packNs: 3, ratio: 0.5 };
    expect(sender.send(256, { sendNs: 0.5, ...codec }).packed).toBeLessThan(0.1);
    sender.send(16, { sendNs: 8, ...codec });
    expect(sender.send(256, { sendNs: 8, ...codec }).packed).toBeGreaterThan(0.9);
    sender.send(256, { sendNs: 0.5, ...codec });
    expect(sender.send(256, { sendNs: 0.5, ...codec }).packed).toBeLessThan(0.1);
  });

  test("time between replies is nobody's", () => {
    const sender = new Sender();
    const line = { sendNs: 0.5, packNs: 3, ratio: 0.4 };
    sender.send(16, line);
    let packed = 0;
    for (let i = 0; i < 64; i++) {
      sender.nowMs += 1_000;
      packed += sender.send(1, line).packed / 64;
    }
    expect(packed).toBeLessThan(0.1);
  });

  test("each host has its own, and the number of them is bounded", () => {
    const choices = new PackingChoices();
    const first = choices.of("a");
    expect(choices.of("b")).not.toBe(first);
    expect(choices.of("a")).toBe(first);
    for (let i = 0; i < 1_000; i++) choices.of(`host ${i}`);
    expect(choices.of("a")).not.toBe(first);
  });
});
