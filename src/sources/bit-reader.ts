/** Bits out of bytes, highest first. Behind the last byte there are zeros: `isOver` says that some were taken. */

export class BitReader {
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private held = 0;
  private heldBits = 0;

  /** Goes on with `bytes`, of which the first are those that `rest` gave. */
  start(bytes: Uint8Array, atBit: number): void {
    this.bytes = bytes;
    this.at = 0;
    this.held = this.heldBits = 0;
    if (atBit > 0) this.read(atBit);
  }

  /** Bits that were taken since `start`. */
  get takenBits(): number {
    return this.at * 8 - this.heldBits;
  }

  get isOver(): boolean {
    return this.takenBits > this.bytes.length * 8;
  }

  /** 1 … 24 bits. */
  read(bits: number): number {
    this.fill(bits);
    this.heldBits -= bits;
    return (this.held >>> this.heldBits) & ((1 << bits) - 1);
  }

  read32(): number {
    return this.read(16) * 65536 + this.read(16);
  }

  /** The next 20 bits, which stay. */
  peek20(): number {
    if (this.heldBits < 20) this.fill(20);
    return (this.held >>> (this.heldBits - 20)) & 0xfffff;
  }

  skip(bits: number): void {
    this.heldBits -= bits;
  }

  /** To the next whole byte. */
  align(): void {
    this.heldBits -= this.heldBits & 7;
  }

  private fill(bits: number): void {
    while (this.heldBits < bits) {
      this.held = (this.held << 8) | (this.at < this.bytes.length ? this.bytes[this.at]! : 0);
      this.at++;
      this.heldBits += 8;
    }
  }
}
