/**
 * What a driver sends to every executor, encoded once: definitions and stages. Bytes too large for a message stay here, by hash,
 * and executors fetch them; a stage's go when the stage is forgotten.
 */
import { FiresteelError } from "../base/errors.ts";
import type { StageId } from "../base/ids.ts";
import { formatBytes } from "../base/quantity.ts";
import { encodeValue } from "../data/value-codec.ts";
import type { RpcAddress } from "../rpc/contracts.ts";
import type { BlobClient } from "../shuffle/blob-client.ts";
import { releaseChunks, shareChunks } from "../shuffle/broadcast-chunks.ts";
import type { BlobStore } from "../storage/blob-store.ts";
import { type Carried, inlineBytesMax, type RemoteDefinition } from "./executor-messages.ts";
import type { Definition, StageOrder } from "./messages.ts";
import { encodeStage } from "./stage-codec.ts";
import { callText } from "../planner/stages.ts";

/** Of a broadcast: executors fetch the parts from each other. */
export const chunkBytes = 4 << 20;

interface SentStage {
  readonly order: Carried;
  readonly hashes: readonly string[];
}

export class SentBytes {
  private readonly stages = new Map<StageId, SentStage>();
  private readonly definitions = new Map<Definition, RemoteDefinition>();
  /** The latest of each barrier stage, where it is a blob. */
  private readonly answers = new Map<StageId, string>();

  constructor(
    private readonly blobs: BlobStore,
    private readonly client: BlobClient,
    /** Of one stage: larger ones are refused. */
    private readonly stageBytesMax: number,
  ) {}

  definition(definition: Definition): RemoteDefinition {
    let sent = this.definitions.get(definition);
    if (sent === undefined) this.definitions.set(definition, (sent = this.encode(definition)));
    return sent;
  }

  forgetDefinition(definition: Definition): void {
    const sent = this.definitions.get(definition);
    this.definitions.delete(definition);
    if (sent?.kind === "broadcast") releaseChunks(sent, this.blobs);
  }

  stage(stage: StageId, stageOrder: () => StageOrder): Carried {
    const known = this.stages.get(stage);
    if (known !== undefined) return known.order;
    const order = stageOrder();
    const { bytes, slices } = encodeStage(order);
    if (bytes.length > this.stageBytesMax) throw tooLarge(order, bytes.length, this.stageBytesMax);
    const hashes = [...slices].map(([hash, slice]) => this.blobs.share(slice, hash));
    const carried = this.carry(bytes);
    if (carried.kind === "blob") hashes.push(carried.hash);
    this.stages.set(stage, { order: carried, hashes });
    return carried;
  }

  forgetStage(stage: StageId): void {
    for (const hash of this.stages.get(stage)?.hashes ?? []) this.blobs.release(hash);
    this.stages.delete(stage);
    this.releaseAnswer(stage);
  }

  /** What tasks of a barrier stage are told; large answers stay until its next one, which all ask for who have this one. */
  barrierAnswer(bytes: Uint8Array, stage: StageId | undefined): Carried {
    const carried = this.carry(bytes);
    if (stage === undefined) return carried;
    this.releaseAnswer(stage);
    if (carried.kind === "blob") this.answers.set(stage, carried.hash);
    return carried;
  }

  private releaseAnswer(stage: StageId): void {
    const hash = this.answers.get(stage);
    this.answers.delete(stage);
    if (hash !== undefined) this.blobs.release(hash);
  }

  /** A task's value that was too large for its message. */
  fetchResult(address: RpcAddress, hash: string): Promise<Uint8Array> {
    return this.client.fetch(hash, [address]);
  }

  private encode(definition: Definition): RemoteDefinition {
    switch (definition.kind) {
      case "file": {
        const { name, bytes, executable } = definition;
        return { kind: "file", name, content: this.carry(bytes), executable };
      }
      case "bundle":
        return {
          kind: "bundle",
          hash: definition.bundle.hash,
          bundle: this.carry(encodeValue(definition.bundle)),
        };
      case "broadcast": {
        const { id, bytes } = definition;
        return { kind: "broadcast", id, ...shareChunks(bytes, this.blobs) };
      }
      case "accumulator":
        return {
          kind: "accumulator",
          id: definition.id,
          definition: this.carry(encodeValue(definition, { references: true })),
        };
    }
  }

  private carry(bytes: Uint8Array): Carried {
    if (bytes.length <= inlineBytesMax) return { kind: "inline", bytes };
    return { kind: "blob", hash: this.blobs.put(bytes), bytes: bytes.length };
  }
}

function tooLarge({ plan }: StageOrder, bytes: number, bytesMax: number): FiresteelError {
  const call = plan.kind === "result" ? plan.call : plan.root;
  return new FiresteelError(
    "resource",
    `the tasks of ${callText(call)} are too large to send: ${formatBytes(bytes)} with what their functions captured, ${formatBytes(bytesMax)} allowed`,
    {
      hint: "use a broadcast for large values: const b = ctx.broadcast(value), and b.value in the function; or raise firesteel.rpc.maxTaskBytes",
      at: call.at,
    },
  );
}
