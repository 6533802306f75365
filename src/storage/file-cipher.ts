/**
 * Encryption of what goes to local dirs: AES-256-GCM under one random key an application, which is never written anywhere. Each
 * piece of a file that is read by itself is sealed by itself: a random nonce, as many bytes as were given, a tag. Whoever reads it
 * to its end knows that no bit was changed.
 *
 * Does not: hide how long things are, or encrypt what goes over connections.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** 32 random bytes. */
export type FileKey = Uint8Array;

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;
/** What sealing adds. */
export const sealBytes = nonceBytes + tagBytes;

export function newFileKey(): FileKey {
  return new Uint8Array(randomBytes(keyBytes));
}

/** Of a file's bytes those that were sealed; less than 0 when nothing whole was. */
export function unsealedLength(length: number, key: FileKey | undefined): number {
  return key === undefined ? length : length - sealBytes;
}

/** Seals bytes as they come: `head`, what `update` gives, what `end` gives. */
export class Sealing {
  readonly head: Uint8Array = randomBytes(nonceBytes);
  private readonly cipher;

  constructor(key: FileKey) {
    this.cipher = createCipheriv(algorithm, key, this.head);
  }

  /** The input may be memory that threads share. */
  update(plain: Uint8Array): Uint8Array {
    return this.cipher.update(plain);
  }

  end(): Uint8Array {
    this.cipher.final();
    return this.cipher.getAuthTag();
  }
}

/** Turns what `Sealing` wrote back: made of its head, given its bytes, ended with its tag. */
export class Unsealing {
  private readonly decipher;

  constructor(key: FileKey, head: Uint8Array) {
    this.decipher = createDecipheriv(algorithm, key, head);
  }

  static async begin(key: FileKey, read: (into: Uint8Array) => Promise<void>): Promise<Unsealing> {
    const head = new Uint8Array(nonceBytes);
    await read(head);
    return new Unsealing(key, head);
  }

  /** What the bytes were before. Not to be believed before `end`. */
  update(sealed: Uint8Array): Uint8Array {
    return this.decipher.update(sealed);
  }

  /** Throws when a bit was changed. */
  finish(tag: Uint8Array): void {
    this.decipher.setAuthTag(tag);
    try {
      this.decipher.final();
    } catch (thrown) {
      throw new Error("it is not what was encrypted", { cause: thrown });
    }
  }

  async end(read: (into: Uint8Array) => Promise<void>): Promise<void> {
    const tag = new Uint8Array(tagBytes);
    await read(tag);
    this.finish(tag);
  }
}

/** The same over a file that is read in turn: `read` fills all it is given, or throws. */
export class SealedFile {
  private readonly unsealing: Unsealing;
  private staged: Uint8Array | undefined;

  constructor(
    key: FileKey,
    private readonly read: (into: Uint8Array) => void,
  ) {
    this.unsealing = new Unsealing(key, this.next(nonceBytes));
  }

  take(bytes: number): Uint8Array {
    return this.unsealing.update(this.next(bytes));
  }

  end(): void {
    this.unsealing.finish(this.next(tagBytes));
  }

  private next(bytes: number): Uint8Array {
    if (this.staged === undefined || this.staged.length < bytes) this.staged = new Uint8Array(bytes);
    const into = this.staged.subarray(0, bytes);
    this.read(into);
    return into;
  }
}
