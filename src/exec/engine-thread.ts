/** The engine thread's entry: schedulers and task threads of local mode, apart from the user's code on the main thread. */
import { parent, receive, threadData } from "../platform/threads.ts";
import { watchMain } from "./blocked-main.ts";
import { Engine } from "./engine.ts";
import type { EngineStart, FromEngine, ToEngine } from "./messages.ts";

const port = parent();
const start = threadData<EngineStart>();
watchMain(start.mainBeat);
const engine = new Engine(start, (message: FromEngine, transfer: ArrayBuffer[] = []) =>
  port.postMessage(message, transfer),
);
receive((message: ToEngine) => engine.receive(message));
port.postMessage({ type: "ready" } satisfies FromEngine);
