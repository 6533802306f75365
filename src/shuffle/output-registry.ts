/**
 * The map outputs that one executor holds, for its main thread: what it serves to others and what its own tasks read in place.
 * An output is known by its checksum too, so that nobody gets another computation of it than the one that was asked for.
 *
 * An attempt that computed the same rows once more gives an equal output: the first is kept, and freed when as many were given up
 * as were accepted. Used by one thread; outputs are freed by the store.
 */
import type { ExchangeId, ExecutorId } from "../base/ids.ts";
import type { ExchangeStore } from "../storage/exchange-store.ts";
import type { MapOutput } from "../storage/map-output.ts";
import type { MapInput, MapStatus } from "../storage/map-status.ts";

/** What names an output: a status does, and an output itself. */
export type OutputName = Pick<MapOutput, "exchange" | "mapPartition" | "checksum">;

interface Held {
  readonly output: MapOutput;
  /** Attempts that gave it. */
  attempts: number;
}

export class OutputRegistry {
  private readonly exchanges = new Map<ExchangeId, Map<number, Held[]>>();

  constructor(private readonly store: Pick<ExchangeStore, "discard" | "release">) {}

  accept(output: MapOutput): void {
    const held = this.held(output);
    if (held !== undefined) {
      held.attempts++;
      this.store.discard(output);
      return;
    }
    let outputs = this.exchanges.get(output.exchange);
    if (outputs === undefined) this.exchanges.set(output.exchange, (outputs = new Map()));
    const others = outputs.get(output.mapPartition);
    if (others === undefined) outputs.set(output.mapPartition, [{ output, attempts: 1 }]);
    else others.push({ output, attempts: 1 });
  }

  find(name: OutputName): MapOutput | undefined {
    return this.held(name)?.output;
  }

  /** Gives up what one attempt wrote. */
  discard(name: OutputName): void {
    const held = this.held(name);
    if (held === undefined || --held.attempts > 0) return;
    const outputs = this.exchanges.get(name.exchange)!;
    const others = outputs.get(name.mapPartition)!.filter(each => each !== held);
    if (others.length === 0) outputs.delete(name.mapPartition);
    else outputs.set(name.mapPartition, others);
    this.store.discard(held.output);
  }

  /** Frees all outputs of an exchange, also those that nobody has told of. */
  release(exchange: ExchangeId): void {
    this.exchanges.delete(exchange);
    this.store.release(exchange);
  }

  /** A stage's inputs with what `self` holds in place of its status, so that its tasks read it where it lies. */
  resolve(inputs: readonly MapStatus[], self: ExecutorId): MapInput[] {
    return inputs.map(status => (status.executor === self ? (this.find(status) ?? status) : status));
  }

  private held({ exchange, mapPartition, checksum }: OutputName): Held | undefined {
    return this.exchanges
      .get(exchange)
      ?.get(mapPartition)
      ?.find(({ output }) => output.checksum === checksum);
  }
}
