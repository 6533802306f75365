/** A growing run of bytes in the number formats of WASM modules: LEB128 integers, little-endian doubles, counted names. */

const scratch = new DataView(new ArrayBuffer(16));

export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  length = 0;

  constructor(capacityBytes = 256) {
    this.bytes = new Uint8Array(capacityBytes);
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  /** From 0 to 2³² − 1. */
  u32(value: number): void {
    let rest = value >>> 0;
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** The lowest 32 bits, as a signed number. */
  s32(value: number): void {
    let rest = value | 0;
    while (rest < -0x40 || rest >= 0x40) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** The lowest 64 bits, as a signed number. */
  s64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -0x40n || rest >= 0x40n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  f64(value: number): void {
    scratch.setFloat64(0, value, true);
    // one NaN, whatever bits the value came with
    if (Number.isNaN(value)) scratch.setBigUint64(0, 0x7ff8_0000_0000_0000n, true);
    this.scratched(8);
  }

  /** The lowest 128 bits, lane 0 first. */
  v128(value: bigint): void {
    scratch.setBigUint64(0, BigInt.asUintN(64, value), true);
    scratch.setBigUint64(8, BigInt.asUintN(64, value >> 64n), true);
    this.scratched(16);
  }

  name(text: string): void {
    const encoded = new TextEncoder().encode(text);
    this.u32(encoded.length);
    this.run(encoded);
  }

  run(bytes: Uint8Array): void {
    if (this.length + bytes.length > this.bytes.length) this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The bytes of another writer behind their number. */
  counted(other: ByteWriter): void {
    this.u32(other.length);
    this.run(other.written());
  }

  /** What was written, valid until more is. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  private scratched(count: number): void {
    for (let i = 0; i < count; i++) this.byte(scratch.getUint8(i));
  }

  private grow(more: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    larger.set(this.written());
    this.bytes = larger;
  }
}
