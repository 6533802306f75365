/** A simulated map output: the rows of each reduce partition, with what the engine tells of outputs. */
import type { ExchangeId } from "../../src/base/ids.ts";
import type { MapOutput } from "../../src/storage/map-output.ts";

export class FakeOutput implements MapOutput {
  readonly first: Uint32Array;
  readonly bytes: Uint32Array;
  readonly ptr: Uint32Array;
  readonly crc: Uint32Array;
  readonly runs = new Uint32Array();
  readonly spilled = undefined;
  readonly checksum: number;
  readonly rowsChecksum: number;

  constructor(
    readonly exchange: ExchangeId,
    readonly mapPartition: number,
    readonly segments: readonly (readonly number[])[],
  ) {
    const n = segments.length;
    this.first = Uint32Array.from({ length: n + 1 }, (_, i) => i);
    this.bytes = Uint32Array.from(segments, rows => rows.length * 8 + 1);
    this.ptr = new Uint32Array(n);
    this.crc = new Uint32Array(n);
    let sum = 17;
    for (const rows of segments) for (const row of [rows.length, ...rows]) sum = (Math.imul(sum, 31) + row) >>> 0;
    this.checksum = sum;
    this.rowsChecksum = sum;
  }
}
