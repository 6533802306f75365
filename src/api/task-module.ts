/**
 * What `import … from "firesteel"` gives inside a task: what has a meaning there, and classes that refuse to be used for the
 * rest. Task threads start without the driver's code.
 */
import { FiresteelError } from "../base/errors.ts";
import { FiresteelFiles } from "../operators/added-files.ts";
import { taskContext } from "../operators/task-context.ts";
import { StorageLevel } from "../plan/storage-level.ts";
import { HashPartitioner, RangePartitioner } from "./partitioner.ts";
import { version } from "./version.ts";

export const taskModule: Readonly<Record<string, unknown>> = {
  Accumulator: driverOnly("an Accumulator", "make it on the driver, and use it inside the function"),
  Broadcast: driverOnly("a Broadcast", "make it on the driver, and use its .value inside the function"),
  Context: driverOnly("a Context", "run this job on the driver, and broadcast or join its result"),
  FiresteelError,
  FiresteelFiles,
  HashPartitioner,
  RangePartitioner,
  Rdd: driverOnly("an Rdd", "make it on the driver"),
  StorageLevel,
  taskContext,
  version,
};

/** A class for `instanceof`, of which there are no instances here. */
function driverOnly(what: string, hint: string): unknown {
  const refuse = (): never => {
    throw new FiresteelError("user", `${what} cannot be made inside a task`, { hint });
  };
  return class {
    static readonly create = refuse;
    static readonly getOrCreate = refuse;
    constructor() {
      refuse();
    }
  };
}
