/**
 * Who gets what is free: drivers that wait first, then executors of one application after the other, in the order in which they came.
 * One that does not fit holds up nobody; what no worker could hold, were it empty, is logged once.
 */
import { isWaiting, launchDriver } from "./master-drivers.ts";
import { launchExecutor } from "./master-executors.ts";
import { counted, type MasterState, type WorkerRecord } from "./master-state.ts";
import { placeDriver, placeExecutors } from "./placement.ts";

export function schedule(state: MasterState): void {
  state.placementDue = false;
  const workers = [...state.workers.values()].filter(worker => worker.contact.isConnected);
  for (const driver of [...state.drivers.values()].filter(isWaiting)) {
    const { driverId, description } = driver;
    const rooms = workers.filter(worker => !worker.drivers.has(driverId));
    const worker = placeDriver(description, rooms);
    if (worker !== undefined) launchDriver(state, driver, worker);
    else warnOnce(state, workers, `driver ${driverId} (${description.name})`, description);
  }
  const { spreadOut, defaultCores } = state.options.limits;
  for (const { appId, description, executors: byId, contact } of state.applications.values()) {
    if (!contact.isConnected) continue;
    const { coresMax, coresPerExecutor, memoryPerExecutorMb: memoryMb, executorsMax } = description;
    const executors = [...byId.values()];
    const granted = executors.reduce((cores, executor) => cores + executor.cores, 0);
    const coresLeft = (coresMax ?? defaultCores ?? Number.POSITIVE_INFINITY) - granted;
    const executorsLeft = (executorsMax ?? Number.POSITIVE_INFINITY) - executors.length;
    const cores = coresPerExecutor ?? 1;
    if (coresLeft < cores || executorsLeft < 1) continue;
    const wish = { coresLeft, coresPerExecutor, memoryMb, executorsLeft };
    const placed = placeExecutors(wish, workers, spreadOut);
    for (const { room, cores } of placed) launchExecutor(state, state.applications.get(appId)!, room, cores);
    if (executors.length + placed.length > 0) continue;
    warnOnce(state, workers, `an executor of application ${appId} (${description.name})`, { cores, memoryMb });
  }
}

function warnOnce(
  state: MasterState,
  workers: readonly WorkerRecord[],
  what: string,
  wish: { readonly cores: number; readonly memoryMb: number },
): void {
  const { cores, memoryMb } = wish;
  const couldBe = workers.some(worker => worker.cores >= cores && worker.memoryMb >= memoryMb);
  if (couldBe || workers.length === 0 || state.tooLarge.has(what)) return;
  state.tooLarge.add(what);
  if (state.tooLarge.size > state.options.limits.driversMax) state.tooLarge.clear();
  const most = `${counted(Math.max(...workers.map(each => each.cores)), "core")}, ${Math.max(...workers.map(each => each.memoryMb))} MB`;
  state.log(
    "warn",
    `${what} asks for ${counted(cores, "core")} and ${memoryMb} MB: no worker has both (at most ${most}); it waits`,
  );
}
