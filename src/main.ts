/**
 * The program's one entry, of the process and of every thread it starts: a thread looks at its role and imports what that needs,
 * the main thread reads the command line. Imports next to nothing itself, so that `firesteel version` answers at once.
 */
import { threadRole } from "./platform/threads.ts";

switch (threadRole()) {
  case "engine":
    await (
      await import("./exec/engine-thread.ts")
    ).runEngine({
      cluster: async () => (await import("./deploy/driver-cluster.ts")).openDriverCluster,
      pages: () => import("./ui/engine-pages.ts"),
    });
    break;
  case "task":
    (await import("./exec/engine-module.ts")).provideEngineModule((await import("./api/task-module.ts")).taskModule);
    await import("./exec/task-thread.ts");
    break;
  case "files":
    (await import("./sources/file-lookup-thread.ts")).answerLookups();
    break;
  case undefined: {
    const { runCommand } = await import("./cli/run-command.ts");
    // not awaited: while a module waits, the runtime does not notice that nothing is left to do
    void runCommand(process.argv.slice(2));
  }
}
