/**
 * A small seeded generator (xoshiro128**, Blackman and Vigna 2018), for sampling and for tests that print their seed.
 * The same seed gives the same numbers on every runtime.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private d: number;

  /**
   * The stream of a seed, any safe integer, that a path names: of a partition, say. Streams are functions of seed and path alone,
   * and do not resemble each other.
   */
  static stream(seed: number, ...path: readonly number[]): Random {
    let s = scramble(seed | 0);
    let t = scramble(s ^ Math.floor(seed / 0x100000000));
    for (const step of path) {
      s = scramble((s ^ step) + 0x9e3779b9);
      t = scramble((t + step) ^ s);
    }
    const random = new Random(s);
    random.b ^= t;
    random.d ^= scramble(t);
    // all zeros would stay so
    random.a |= 1;
    return random;
  }

  constructor(seed: number) {
    // splitmix32 spreads a small seed over the state
    let s = seed | 0;
    const next = () => {
      s = (s + 0x9e3779b9) | 0;
      return scramble(s);
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next();
  }

  /** A uniform integer in 0 … 2³² − 1. */
  uint32(): number {
    const b5 = Math.imul(this.b, 5);
    const result = Math.imul((b5 << 7) | (b5 >>> 25), 9);
    const t = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= t;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** A uniform number in [0, 1) with 53 bits. */
  float(): number {
    return ((this.uint32() >>> 5) * 0x4000000 + (this.uint32() >>> 6)) / 0x20000000000000;
  }

  /** A uniform integer in [0, bound), without modulo bias. */
  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }
}

/** Another integer for each of 32 bits, and half of the bits for each bit that differs. */
function scramble(bits: number): number {
  let t = bits ^ (bits >>> 16);
  t = Math.imul(t, 0x21f0aaad);
  t ^= t >>> 15;
  t = Math.imul(t, 0x735a2d97);
  return t ^ (t >>> 15);
}

/** A seed for who was given none: any integer of 53 bits. */
export function drawSeed(): number {
  return Math.floor(Math.random() * 0x20000000000000);
}
