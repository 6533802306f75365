/** As many messages to a Worker and back, one after the other: the least that work on another thread costs by hand. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { serveRuns } from "./timed.ts";

if (isMainThread) {
  const tasks = Number(process.argv[2]);
  const worker = new Worker(new URL(import.meta.url));
  await serveRuns(async () => {
    let count = 0;
    for (let task = 0; task < tasks; task++) {
      worker.postMessage(task);
      const [rows] = (await once(worker, "message")) as [number];
      count += rows;
    }
    return count;
  });
  await worker.terminate();
} else parentPort!.on("message", () => parentPort!.postMessage(0));
