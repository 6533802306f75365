/**
 * Pins: "this owner reads that entry". Each pin is one word (owner and entry), claimed by compare-and-swap from 0, as hazard
 * pointers are (Michael 2004): the reader publishes its pin, then looks again whether the entry still stands; whoever wants to
 * free an entry first closes it, then looks for pins. So there is no pin count that a dying thread could leave wrong.
 */
import { type ControlArea, headerWord } from "./control-area.ts";
import type { OwnerId } from "./owners.ts";

const entryBits = 17;
const entryMask = (1 << entryBits) - 1;

/** A pin's place in the table; −1 when the table was full. */
export type Pin = number;

export class Pins {
  private readonly words: Int32Array;

  constructor(private readonly area: ControlArea) {
    this.words = area.words;
  }

  /** −1 when no word is free: the caller then does without the entry. */
  add(owner: OwnerId, entry: number): Pin {
    const { words } = this;
    const { pinsAt, pinCount } = this.area;
    const value = (owner << entryBits) | (entry + 1);
    for (let pin = 0; pin < pinCount; pin++) {
      if (words[pinsAt + pin] !== 0) continue;
      this.raiseHigh(pin + 1);
      if (Atomics.compareExchange(words, pinsAt + pin, 0, value) === 0) return pin;
    }
    return -1;
  }

  remove(pin: Pin): void {
    Atomics.store(this.words, this.area.pinsAt + pin, 0);
  }

  isPinned(entry: number): boolean {
    const { pinsAt } = this.area;
    const high = Atomics.load(this.words, headerWord.pinsHigh);
    for (let pin = 0; pin < high; pin++) {
      const word = Atomics.load(this.words, pinsAt + pin);
      if (word !== 0 && (word & entryMask) === entry + 1) return true;
    }
    return false;
  }

  count(owner: OwnerId): number {
    return this.each(owner, () => {});
  }

  /** Removes an owner's pins; gives how many. */
  clear(owner: OwnerId): number {
    return this.each(owner, pin => this.remove(pin));
  }

  private each(owner: OwnerId, visit: (pin: Pin) => void): number {
    const { pinsAt } = this.area;
    const high = Atomics.load(this.words, headerWord.pinsHigh);
    let found = 0;
    for (let pin = 0; pin < high; pin++) {
      if (Atomics.load(this.words, pinsAt + pin) >>> entryBits !== owner) continue;
      found++;
      visit(pin);
    }
    return found;
  }

  /** Raised before the pin is written, so that no scan stops short of it. */
  private raiseHigh(least: number): void {
    const { words } = this;
    for (let seen = Atomics.load(words, headerWord.pinsHigh); seen < least;) {
      const now = Atomics.compareExchange(words, headerWord.pinsHigh, seen, least);
      if (now === seen) return;
      seen = now;
    }
  }
}
