/**
 * From the command line to an exit code: parses, imports the command's module and reports what goes wrong. Modules are imported
 * when needed, so that a small command starts at once.
 */
import { assertNever } from "../base/assert.ts";
import { exitCodeOf } from "../base/usage-error.ts";
import { parseCommandLine, type Invocation } from "./command-line.ts";

/** Masters of which the tasks run in other processes. Settings of files are not known yet. */
const clusterMaster = /^(local-cluster\[|firesteel:)/;

/** Commands that end the process whatever timers and sockets are left. */
const endProcess = ["run", "explain", "submit", "master", "worker", "executor"];

/** Sets the exit code; after a job or a cluster's role it ends the process itself. */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const failed = await exitCode(argv);
  // a job that ended well may have set a code of its own
  const code = failed === 0 ? (process.exitCode ?? 0) : failed;
  process.exitCode = code;
  if (endProcess.includes(argv[0] ?? "")) await (await import("./leave.ts")).leave(code);
}

async function exitCode(argv: readonly string[]): Promise<number> {
  try {
    const invocation = parseCommandLine(argv);
    await prepareProcess(invocation);
    return await dispatch(invocation);
  } catch (error) {
    const { formatError, wantsColour } = await import("./report-error.ts");
    process.stderr.write(formatError(error, { colour: wantsColour(process.stderr, process.env) }));
    return exitCodeOf(error);
  }
}

/** Restarts the process with the runtime settings of what it will do, and ties it to the one that started it. */
async function prepareProcess({ command, options }: Invocation): Promise<void> {
  const runsJob = command === "run" || command === "explain" || command === "submit";
  if (runsJob || command === "executor") {
    const master = options.get("master")?.[0] ?? process.env["FIRESTEEL_MASTER"] ?? "local";
    const { restartWithSettings } = await import("../platform/restart.ts");
    await restartWithSettings(command === "executor" || !clusterMaster.test(master) ? "tasks" : "driver");
  }
  if (process.env.FIRESTEEL_INTERNAL_PARENT_PIPE !== undefined)
    await (await import("./parent.ts")).followParent({ userCode: runsJob });
}

async function dispatch(invocation: Invocation): Promise<number> {
  switch (invocation.command) {
    case "run":
    case "explain":
      return (await import("./run.ts")).run(invocation.command, invocation);
    case "submit":
      return (await import("./submit.ts")).submit(invocation);
    case "master":
      return (await import("./master.ts")).master(invocation);
    case "worker":
      return (await import("./worker.ts")).worker(invocation);
    case "executor":
      return (await import("./executor.ts")).executor(invocation);
    case "bundle":
      return (await import("./bundle.ts")).bundle(invocation);
    case "bench":
      return (await import("./bench.ts")).bench(invocation);
    case "version":
      console.log((await import("./version.ts")).versionText());
      return 0;
    case "help":
      console.log((await import("./help.ts")).helpText(invocation.operands[0]).trimEnd());
      return 0;
    default:
      return assertNever(invocation.command);
  }
}
