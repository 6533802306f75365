/**
 * Bulk streams within one process, for the in-process and the simulated transport: the handler's chunks are copied, carried one by
 * one, and bounded as over a network. A stream whose carrier breaks off throws at its reader.
 */
import type { Clock } from "../base/clock.ts";
import { FiresteelError, fromWire, toWire } from "../base/errors.ts";
import { seconds } from "./asks.ts";
import { BulkRoutes } from "./bulk-routes.ts";
import { ChunkQueue, idleTimeoutDefaultMs } from "./chunk-queue.ts";
import type { Bulk, BulkHandler, BulkOptions, BulkStream, Peer, RpcAddress } from "./contracts.ts";
import { addressKey } from "./peers.ts";

/** The way between two transports for one stream. */
export interface BulkWay {
  readonly target: BulkRoutes;
  /** Calls `arrive` at the other side, in order; or never, when the way is cut. */
  carry(direction: "there" | "back", arrive: () => void): void;
  /** Calls back once when the way is cut. */
  onCut(cut: (reason: FiresteelError) => void): void;
  end(): void;
}

export class MemoryBulk implements Bulk {
  readonly routes = new BulkRoutes();
  private readonly clock: Clock;
  private readonly wayTo: (address: RpcAddress) => BulkWay;
  private readonly self: () => Peer | undefined;

  /** `wayTo` throws for an address where nobody is. */
  constructor(clock: Clock, self: () => Peer | undefined, wayTo: (address: RpcAddress) => BulkWay) {
    this.clock = clock;
    this.self = self;
    this.wayTo = wayTo;
  }

  serve(prefix: string, handler: BulkHandler): void {
    this.routes.add(prefix, handler);
  }

  async open(address: RpcAddress, path: string, body: Uint8Array, options: BulkOptions = {}): Promise<BulkStream> {
    const what = `${path} from ${addressKey(address)}`;
    if (options.signal?.aborted === true) throw new FiresteelError("cancelled", `${what} was cancelled`);
    const way = this.wayTo(address);
    const request = new Uint8Array(body); // a Buffer would only be seen, not copied, by slice()
    return new Promise((resolve, reject) => {
      let wanted = true;
      const chunks = new ChunkQueue(what, this.clock, options, () => {
        way.carry("there", () => (wanted = false));
        reject(new FiresteelError("cancelled", `${what} was cancelled`));
      });
      const idleTimeoutMs = options.idleTimeoutMs ?? idleTimeoutDefaultMs;
      const unanswered = this.clock.after(idleTimeoutMs, () => {
        wanted = false;
        failed(new FiresteelError("lost", `${what}: nothing came for ${seconds(idleTimeoutMs)}`));
      });
      const failed = (error: FiresteelError) => {
        unanswered.cancel();
        chunks.fail(error);
        reject(error);
        way.end();
      };
      way.onCut(reason => {
        wanted = false;
        failed(reason);
      });
      way.carry("there", () => {
        void produce(way, { path, body: request, from: this.self() }, chunks, () => wanted, {
          begun: () => {
            unanswered.cancel();
            resolve(chunks);
          },
          failed,
        });
      });
    });
  }
}

/** The answering side. */
async function produce(
  way: BulkWay,
  request: { readonly path: string; readonly body: Uint8Array; readonly from: Peer | undefined },
  chunks: ChunkQueue,
  wanted: () => boolean,
  then: { begun(): void; failed(error: FiresteelError): void },
): Promise<void> {
  let arrived: (() => void) | undefined;
  way.onCut(() => arrived?.());
  try {
    const answer = await way.target.answer(request.path, request.body, request.from);
    way.carry("back", then.begun);
    for await (const chunk of answer) {
      if (!wanted()) break;
      const copy = new Uint8Array(chunk);
      answer.sent?.(chunk);
      // the next chunk sets out when this one has arrived: at most one beyond what the reader takes
      await new Promise<void>(resolve => {
        arrived = resolve;
        way.carry("back", () => {
          chunks.push(copy);
          resolve();
        });
      });
      await chunks.room();
    }
    way.carry("back", () => {
      chunks.finish();
      way.end();
    });
  } catch (error) {
    const wire = toWire(error, "internal");
    way.carry("back", () => then.failed(fromWire(wire)));
  }
}
