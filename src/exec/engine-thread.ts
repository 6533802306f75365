/** The engine thread's entry: schedulers and task threads of local mode, apart from the user's code on the main thread. */
import { parent, receive, threadData } from "../platform/threads.ts";
import { watchMain } from "./blocked-main.ts";
import { Engine } from "./engine.ts";
import { LocalExecutors } from "./local-executors.ts";
import type { EngineStart, FromEngine, ToEngine } from "./messages.ts";

const port = parent();
const start = threadData<EngineStart>();
watchMain(start.mainBeat);
let outbox: FromEngine[] = [];
const limits = { taskFailuresMax: start.taskFailuresMax, stageAttemptsMax: start.stageAttemptsMax };
const engine = new Engine(limits, listener => new LocalExecutors(start, listener), post);
receive((message: ToEngine) => engine.receive(message));
post({ type: "ready" });

/** What one event brings about goes as one message: a message takes longer than a short task. */
function post(message: FromEngine): void {
  if (outbox.push(message) === 1) queueMicrotask(flush);
}

function flush(): void {
  const messages = outbox;
  outbox = [];
  port.postMessage(messages);
}
