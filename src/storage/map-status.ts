/**
 * What others need to know of a map output to read it: who has it, and how many bytes it has for each reduce partition (Spark's
 * MapStatus). The tracker keeps one for each map output of a cluster; the blocks themselves are known to the executor alone.
 */
import type { ExchangeId, ExecutorId } from "../base/ids.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import { type MapOutput, outputBytes, reducePartitions } from "./map-output.ts";

export interface MapStatus {
  readonly exchange: ExchangeId;
  readonly mapPartition: number;
  readonly executor: ExecutorId;
  /** Where the executor serves segments. */
  readonly address: RpcAddress;
  /** Of the machine: processes with the same can read each other's files. */
  readonly hostId: string;
  /** Plain bytes for each reduce partition, exact below `bytesToldMax`. */
  readonly bytes: Uint32Array;
  /** The output's: who asks for it gets no other computation. */
  readonly checksum: number;
  /** The output's: another computation of other rows has another. */
  readonly rowsChecksum: number;
}

/** A map output as its reader gets it: one of this process, whose blocks it can reach, or one of another executor. */
export type MapInput = MapOutput | MapStatus;

/** More bytes than these are told as these. */
export const bytesToldMax = 2 ** 32 - 1;

export function isMapStatus(input: MapInput): input is MapStatus {
  return "executor" in input;
}

export function isMapOutput(input: MapInput): input is MapOutput {
  return !isMapStatus(input);
}

export function statusOf(output: MapOutput, executor: ExecutorId, address: RpcAddress, hostId: string): MapStatus {
  const { exchange, mapPartition, checksum, rowsChecksum } = output;
  const bytes = new Uint32Array(reducePartitions(output));
  for (let r = 0; r < bytes.length; r++) bytes[r] = Math.min(bytesToldMax, outputBytes(output, r));
  return { exchange, mapPartition, executor, address, hostId, bytes, checksum, rowsChecksum };
}
