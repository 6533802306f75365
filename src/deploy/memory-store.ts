/** A master's state in memory: for tests, and for clusters that end with their master. Nothing survives the process. */
import { randomUUID } from "node:crypto";
import type { MasterStore, StoredApplication, StoredDriver, StoredState, StoredWorker } from "./contracts.ts";
import type { ApplicationId, DriverId, WorkerId } from "./messages.ts";

export class MemoryMasterStore implements MasterStore {
  readonly clusterId = randomUUID();
  private readonly workers = new Map<WorkerId, StoredWorker>();
  private readonly applications = new Map<ApplicationId, StoredApplication>();
  private readonly drivers = new Map<DriverId, StoredDriver>();

  load(): StoredState {
    return {
      workers: [...this.workers.values()],
      applications: [...this.applications.values()],
      drivers: [...this.drivers.values()],
    };
  }

  putWorker(worker: StoredWorker): void {
    this.workers.set(worker.workerId, worker);
  }

  removeWorker(workerId: WorkerId): void {
    this.workers.delete(workerId);
  }

  putApplication(application: StoredApplication): void {
    this.applications.set(application.appId, application);
  }

  removeApplication(appId: ApplicationId): void {
    this.applications.delete(appId);
  }

  putDriver(driver: StoredDriver): void {
    this.drivers.set(driver.driverId, driver);
  }

  removeDriver(driverId: DriverId): void {
    this.drivers.delete(driverId);
  }

  close(): void {}
}
