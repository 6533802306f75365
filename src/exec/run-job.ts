/** Runs a job file on the engine, for the command line. */
import { FiresteelError } from "../base/errors.ts";
import type { RunJob } from "../base/run-request.ts";

export const runJob: RunJob = async request => {
  throw new FiresteelError("internal", `this build has no engine to run ${request.jobFile}`);
};
