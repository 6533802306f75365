/**
 * The connection of one process to the master, simulated: messages in both directions arrive late and in order, or are lost with the
 * connection, whose loss each side notices at a time of its own. A process that connects again has given up its earlier connection.
 */
import type { Random } from "../../src/base/random.ts";
import type { Clock } from "../schedule/clock.ts";

export interface MasterEnd<Up> {
  readonly isUp: boolean;
  receive(peerId: string, up: Up, reply: ((answer: unknown) => void) | undefined): void;
  lost(peerId: string): void;
}

export interface ClientEnd<Down> {
  receive(masterId: string, down: Down): void;
  lost(masterId: string): void;
}

interface Connection {
  readonly masterId: string;
  /** Cut: nothing arrives any more. */
  isDead: boolean;
  masterLastMs: number;
  clientLastMs: number;
  readonly failures: Set<() => void>;
}

export class SimulatedLine<Up, Down> {
  private connection: Connection | undefined;
  /** What the master still takes for a connection of this process. */
  private atMaster: Connection | undefined;
  private isGone = false;
  private blockedUntilMs = 0;

  constructor(
    readonly peerId: string,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly delayMaxMs: number,
    private readonly master: () => MasterEnd<Up> & { readonly id: string },
    private readonly client: ClientEnd<Down>,
  ) {}

  send(up: Up): void {
    this.carry(up, undefined);
  }

  ask(up: Up, timeoutMs: number, then: (answer: unknown) => void, failed: (reason: string) => void): void {
    let isOpen = true;
    const connection = this.connection ?? this.connect();
    const fail = (reason: string) => {
      if (!isOpen) return;
      isOpen = false;
      connection?.failures.delete(lost);
      if (!this.isGone) failed(reason);
    };
    const lost = () => fail("the connection was lost");
    if (connection === undefined) return this.clock.at(this.clock.now + this.delay(), () => fail("cannot be reached"));
    connection.failures.add(lost);
    this.clock.at(this.clock.now + timeoutMs, () => fail("no answer"));
    this.carry(up, answer => {
      this.toClient(connection, () => {
        if (!isOpen) return;
        isOpen = false;
        connection.failures.delete(lost);
        then(answer);
      });
    });
  }

  /** From the master; lost when there is no connection. */
  tell(down: Down): void {
    const connection = this.atMaster;
    if (connection === undefined) return;
    this.toClient(connection, () => this.client.receive(connection.masterId, down));
  }

  /** Each side notices after a while; at once when the other side's process is gone, more or less. */
  cut(): void {
    const { connection } = this;
    if (connection === undefined || connection.isDead) return;
    connection.isDead = true;
    this.clock.at(this.clock.now + this.delay() * 3, () => this.noticeAtClient(connection));
    this.clock.at(this.clock.now + this.delay() * 3, () => this.noticeAtMaster(connection));
  }

  /** Cut, and no other connection for a while. */
  block(forMs: number): void {
    this.blockedUntilMs = this.clock.now + forMs;
    this.cut();
  }

  /** The process is gone. */
  close(): void {
    this.cut();
    this.isGone = true;
  }

  private connect(): Connection | undefined {
    const master = this.master();
    if (!master.isUp || this.isGone || this.clock.now < this.blockedUntilMs) return undefined;
    const { now } = this.clock;
    this.connection = { masterId: master.id, isDead: false, masterLastMs: now, clientLastMs: now, failures: new Set() };
    return this.connection;
  }

  private carry(up: Up, reply: ((answer: unknown) => void) | undefined): void {
    const connection = this.connection ?? this.connect();
    if (connection === undefined || this.isGone) return;
    connection.masterLastMs = Math.max(connection.masterLastMs, this.clock.now + this.delay());
    this.clock.at(connection.masterLastMs, () => {
      const master = this.master();
      if (connection.isDead || !master.isUp || master.id !== connection.masterId) return;
      if (this.atMaster !== undefined && this.atMaster !== connection) this.noticeAtMaster(this.atMaster);
      this.atMaster = connection;
      master.receive(this.peerId, up, reply);
    });
  }

  private toClient(connection: Connection, arrive: () => void): void {
    connection.clientLastMs = Math.max(connection.clientLastMs, this.clock.now + this.delay());
    this.clock.at(connection.clientLastMs, () => {
      if (!connection.isDead && !this.isGone) arrive();
    });
  }

  private noticeAtClient(connection: Connection): void {
    if (this.connection !== connection || this.isGone) return;
    this.connection = undefined;
    for (const fail of [...connection.failures]) fail();
    this.client.lost(connection.masterId);
  }

  private noticeAtMaster(connection: Connection): void {
    if (this.atMaster !== connection) return;
    this.atMaster = undefined;
    const master = this.master();
    if (master.isUp && master.id === connection.masterId) master.lost(this.peerId);
  }

  private delay(): number {
    return 1 + this.random.below(this.delayMaxMs);
  }
}
