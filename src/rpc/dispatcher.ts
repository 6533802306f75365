/**
 * The endpoints of one environment, by name. Routes deliveries to inboxes; tells every endpoint of peers that come and go.
 */
import { FiresteelError } from "../base/errors.ts";
import type { Peer, RpcEndpoint } from "./contracts.ts";
import { encodeName } from "./frames.ts";
import { Inbox, type Delivery, type Posted } from "./inbox.ts";

export class Dispatcher {
  private readonly inboxes = new Map<string, Inbox>();
  /** Names whose endpoints are ending: not free again before OnStop. */
  private readonly ending = new Map<string, Promise<void>>();
  private readonly warn: (message: string) => void;
  private closed = false;

  constructor(warn: (message: string) => void) {
    this.warn = warn;
  }

  register(name: string, endpoint: RpcEndpoint): void {
    encodeName(name); // names travel
    if (this.closed)
      throw new FiresteelError("cancelled", `endpoint ${name} cannot start: the environment has stopped`);
    if (this.inboxes.has(name) || this.ending.has(name)) {
      throw new FiresteelError("internal", `there is an endpoint ${name} already`);
    }
    this.inboxes.set(name, new Inbox(name, endpoint, this.warn));
  }

  has(name: string): boolean {
    return this.inboxes.has(name);
  }

  post(name: string, delivery: Delivery): Posted | "unknown" {
    return this.inboxes.get(name)?.post(delivery) ?? (this.ending.has(name) ? "stopped" : "unknown");
  }

  postToAll(delivery: Delivery): void {
    for (const inbox of this.inboxes.values()) inbox.post(delivery);
  }

  connected(peer: Peer): void {
    this.postToAll({ kind: "connected", peer, bytes: 0 });
  }

  disconnected(peer: Peer, reason: FiresteelError): void {
    this.postToAll({ kind: "disconnected", peer, reason, bytes: 0 });
  }

  /** Resolves after OnStop; at once for a name that nobody has. */
  unregister(name: string): Promise<void> {
    const inbox = this.inboxes.get(name);
    if (inbox === undefined) return this.ending.get(name) ?? Promise.resolve();
    this.inboxes.delete(name);
    const ended = inbox.stop().then(() => void this.ending.delete(name));
    this.ending.set(name, ended);
    return ended;
  }

  /** Ends all endpoints, in the order they were registered. */
  async close(): Promise<void> {
    this.closed = true;
    const ended = [...this.inboxes.keys()].map(name => this.unregister(name));
    await Promise.all([...ended, ...this.ending.values()]);
  }
}
