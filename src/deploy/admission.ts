/**
 * What a master takes of what workers, applications and submitters tell it of themselves. Each function says what is wrong, for
 * people, or nothing. Whoever speaks has the secret, but may be of another version or broken.
 */
import { isPlainId } from "./deploy-ids.ts";
import type { ApplicationDescription, DriverDescription, WorkerRegistration } from "./messages.ts";

const coresMax = 1 << 20;
const memoryMbMax = 1 << 30;
const namesMax = 10_000;

export function wrongWorker(worker: WorkerRegistration): string | undefined {
  if (!isPlainId(worker.workerId)) return `${quoted(worker.workerId)} is no name of a worker`;
  if (!isText(worker.host) || worker.host === "") return `worker ${worker.workerId} names no host`;
  const { address } = worker;
  if (typeof address !== "object" || !isText(address?.host) || !isWhole(address.port, 0, 65_535)) {
    return `worker ${worker.workerId} names no address`;
  }
  if (!isWhole(worker.cores, 1, coresMax)) return `worker ${worker.workerId} offers ${quoted(worker.cores)} cores`;
  if (!isWhole(worker.memoryMb, 1, memoryMbMax)) {
    return `worker ${worker.workerId} offers ${quoted(worker.memoryMb)} MB of memory`;
  }
  if (worker.clusterId !== undefined && !isText(worker.clusterId)) {
    return `worker ${worker.workerId} does not say of which cluster it is`;
  }
  const lists = [worker.executors, worker.drivers, worker.endedDrivers, worker.applications];
  if (!lists.every(list => Array.isArray(list) && list.length <= namesMax)) {
    return `worker ${worker.workerId} does not say what runs there`;
  }
  const hold = [...worker.executors, ...worker.drivers].every(
    each => isWhole(each?.cores, 0, coresMax) && isWhole(each.memoryMb, 0, memoryMbMax),
  );
  if (!hold) return `worker ${worker.workerId} does not say what its executors and drivers hold`;
  const isNamed =
    worker.executors.every(each => isText(each.appId) && isWhole(each.executorId, 0, Number.MAX_SAFE_INTEGER)) &&
    worker.drivers.every(each => isText(each.driverId)) &&
    worker.endedDrivers.every(each => isText(each?.driverId) && isText(each.state)) &&
    worker.applications.every(isText);
  return isNamed ? undefined : `worker ${worker.workerId} does not name all that runs there`;
}

export function wrongApplication(application: ApplicationDescription): string | undefined {
  if (!isText(application.name)) return "the application has no name";
  const of = `application ${quoted(application.name)} asks for`;
  const { coresMax: cores, coresPerExecutor, memoryPerExecutorMb, executorsMax } = application;
  if (cores !== undefined && !isWhole(cores, 1, coresMax)) return `${of} at most ${quoted(cores)} cores`;
  if (coresPerExecutor !== undefined && !isWhole(coresPerExecutor, 1, coresMax)) {
    return `${of} executors of ${quoted(coresPerExecutor)} cores`;
  }
  if (!isWhole(memoryPerExecutorMb, 1, memoryMbMax)) return `${of} executors of ${quoted(memoryPerExecutorMb)} MB`;
  if (executorsMax !== undefined && !isWhole(executorsMax, 0, coresMax)) {
    return `${of} at most ${quoted(executorsMax)} executors`;
  }
  if (!isText(application.driver?.host) || !isWhole(application.driver.port, 1, 65_535)) {
    return `application ${quoted(application.name)} does not say where its driver listens`;
  }
  return undefined;
}

export function wrongDriver(driver: DriverDescription): string | undefined {
  if (!isText(driver.name)) return "the driver has no name";
  const of = `driver ${quoted(driver.name)}`;
  if (!isWhole(driver.cores, 1, coresMax)) return `${of} asks for ${quoted(driver.cores)} cores`;
  if (!isWhole(driver.memoryMb, 1, memoryMbMax)) return `${of} asks for ${quoted(driver.memoryMb)} MB`;
  const { job } = driver;
  const hasJob = job?.kind === "path" ? isText(job.path) : job?.kind === "blob" && isText(job.hash);
  if (!hasJob) return `${of} has no job`;
  if (!Array.isArray(driver.args) || !driver.args.every(isText)) return `${of} has arguments that are no texts`;
  if (!Array.isArray(driver.files)) return `${of} does not say which files it needs`;
  return undefined;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}

/** Of anything, short enough for a message. */
function quoted(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
