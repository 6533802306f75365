/** Who answers which path of a transport's bulk requests: the longest prefix wins. */
import { FiresteelError } from "../base/errors.ts";
import type { BulkAnswer, BulkHandler, Peer } from "./contracts.ts";

export class BulkRoutes {
  private readonly handlers = new Map<string, BulkHandler>();

  add(prefix: string, handler: BulkHandler): void {
    if (this.handlers.has(prefix)) throw new FiresteelError("internal", `bulk paths ${prefix}… are served already`);
    this.handlers.set(prefix, handler);
  }

  /** The answer's chunks; rejects with kind "data" for a path that nobody serves. */
  async answer(path: string, body: Uint8Array, from: Peer | undefined): Promise<BulkAnswer> {
    let longest: string | undefined;
    for (const prefix of this.handlers.keys()) {
      if (path.startsWith(prefix) && prefix.length > (longest?.length ?? -1)) longest = prefix;
    }
    if (longest === undefined) throw new FiresteelError("data", `nothing is served at ${path}`);
    return this.handlers.get(longest)!(path.slice(longest.length), body, from);
  }
}
