/**
 * A master's state in an SQLite file of its recovery directory. Each write is on disk when it returns (write-ahead log, synchronous).
 * One process has the file at a time. What it says of each thing is kept as JSON; the file carries a format number, and one of another
 * format is refused rather than misread.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { FiresteelError } from "../base/errors.ts";
import { systemReason } from "../base/system-errors.ts";
import { UsageError } from "../base/usage-error.ts";
import type { MasterStore, StoredApplication, StoredDriver, StoredState, StoredWorker } from "./contracts.ts";
import type { ApplicationId, DriverId, WorkerId } from "./messages.ts";

type Kind = "worker" | "application" | "driver" | "cluster";

/** Another process has the state: a master that leads. */
export class StateInUse extends UsageError {}

const formatNumber = 1;
const fileName = "master.sqlite";

export class SqliteMasterStore implements MasterStore {
  readonly path: string;
  readonly clusterId: string;
  private readonly database: DatabaseSync;
  private readonly putRow: StatementSync;
  private readonly removeRow: StatementSync;
  private closed = false;

  /** Makes the directory. Throws when the file cannot be used, or another master has it open. */
  constructor(directory: string) {
    this.path = join(directory, fileName);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      this.database = new DatabaseSync(this.path);
    } catch (error) {
      throw unusable(this.path, error);
    }
    try {
      this.prepare();
      this.putRow = this.database.prepare("insert or replace into things (kind, id, value) values (?, ?, ?)");
      this.removeRow = this.database.prepare("delete from things where kind = ? and id = ?");
      this.clusterId = this.ownId();
    } catch (error) {
      this.database.close();
      throw error instanceof FiresteelError ? error : unusable(this.path, error);
    }
  }

  load(): StoredState {
    const rows = this.database.prepare("select kind, id, value from things order by rowid").all();
    const read = <T>(kind: Kind): T[] =>
      rows.filter(row => row["kind"] === kind).map(row => this.parse<T>(String(row["id"]), String(row["value"])));
    return {
      workers: read<StoredWorker>("worker"),
      applications: read<StoredApplication>("application"),
      drivers: read<StoredDriver>("driver"),
    };
  }

  putWorker(worker: StoredWorker): void {
    this.put("worker", worker.workerId, worker);
  }

  removeWorker(workerId: WorkerId): void {
    this.remove("worker", workerId);
  }

  putApplication(application: StoredApplication): void {
    this.put("application", application.appId, application);
  }

  removeApplication(appId: ApplicationId): void {
    this.remove("application", appId);
  }

  putDriver(driver: StoredDriver): void {
    this.put("driver", driver.driverId, driver);
  }

  removeDriver(driverId: DriverId): void {
    this.remove("driver", driverId);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.database.close();
  }

  private prepare(): void {
    const { database } = this;
    database.exec("pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full");
    const found = Number(database.prepare("pragma user_version").get()?.["user_version"]);
    if (found !== 0 && found !== formatNumber) {
      throw new UsageError(`${this.path} has format ${found}; this version of firesteel knows format ${formatNumber}`, {
        hint: "start the master with the version that wrote it, or with another recovery directory",
      });
    }
    database.exec("create table if not exists things (kind text, id text, value text, primary key (kind, id))");
    // a write takes the lock, which is then held
    database.exec(`pragma user_version = ${formatNumber}`);
  }

  /** Made with the file. */
  private ownId(): string {
    const row = this.database.prepare("select id from things where kind = 'cluster'").get();
    if (row !== undefined) return String(row["id"]);
    const made = randomUUID();
    this.put("cluster", made, {});
    return made;
  }

  private put(kind: Kind, id: string, value: unknown): void {
    this.putRow.run(kind, id, JSON.stringify(value));
  }

  private remove(kind: Kind, id: string): void {
    this.removeRow.run(kind, id);
  }

  private parse<T>(id: string, text: string): T {
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new FiresteelError("data", `${this.path} is damaged: what it says of ${id} cannot be read`, {
        hint: "move the file away: the master then starts with no memory of what ran",
        cause,
      });
    }
  }
}

function unusable(path: string, cause: unknown): FiresteelError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const isLocked = /locked|busy/i.test(why);
  if (isLocked) {
    return new StateInUse(`${path} is in use by another master`, {
      hint: "give it --standby to take over when that master is gone, or another recovery directory",
      cause,
    });
  }
  return new UsageError(`cannot keep the master's state in ${path}: ${systemReason(cause)}`, {
    hint: "choose another recovery directory",
    cause,
  });
}
