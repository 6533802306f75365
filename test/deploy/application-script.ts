/**
 * Runs a golden script of an application's machine, whose masters are `m1` and `m2`. Commands:
 *
 *   start, stop finished, wait 15s, want-killed 0
 *   registered x [as=m1], refused "why", fail "why"                          (answers to the last question)
 *   lose m1, added 0 on a x4 [from=m1], updated 0 lost|exited|running "why" [worker], removed "why", reregister
 */
import { FiresteelError } from "../../src/base/errors.ts";
import { Random } from "../../src/base/random.ts";
import {
  applicationLimits,
  type ApplicationAction,
  type ApplicationEvent,
  type ApplicationWord,
  type EndState,
} from "../../src/deploy/application-contracts.ts";
import { ApplicationMachine } from "../../src/deploy/application-machine.ts";
import type { ExecutorState, MasterToApplication } from "../../src/deploy/messages.ts";
import { Line } from "./script-line.ts";
import { ScriptTimers } from "./script-timers.ts";

type Happening = ApplicationEvent extends infer E ? (E extends ApplicationEvent ? Omit<E, "atMs"> : never) : never;

export class ApplicationScript {
  private readonly timers = new ScriptTimers();
  private answers: string[] = [];
  private attempt = 0;
  private readonly machine = new ApplicationMachine(
    [
      { host: "m1", port: 7077 },
      { host: "m2", port: 7077 },
    ],
    applicationLimits,
    new Random(1),
  );

  command(text: string): readonly string[] {
    this.answers = [];
    this.run(new Line(text));
    return this.answers;
  }

  private run(line: Line): void {
    const { attempt } = this;
    const reason = line.quoted ?? "the connection was lost";
    switch (line.verb) {
      case "start":
        return this.step({ type: "started" });
      case "stop":
        return this.step({ type: "stopAsked", state: line.word(0) as EndState });
      case "wait": {
        const forMs = Number.parseInt(line.word(0), 10) * 1000;
        return this.timers.advance(forMs, word => this.step({ type: "woke", word: word as ApplicationWord }));
      }
      case "want-killed":
        return this.step({ type: "killAsked", executorId: Number(line.word(0)) });
      case "registered": {
        const answer = { appId: line.word(0), masterId: line.option("as") ?? "m1", webUiUrl: "" };
        return this.step({ type: "registrationAnswered", attempt, answer });
      }
      case "refused":
        return this.step({ type: "registrationFailed", attempt, error: new FiresteelError("user", reason) });
      case "fail":
        return this.step({ type: "registrationFailed", attempt, error: new FiresteelError("lost", reason) });
      case "lose":
        return this.step({ type: "peerLost", peerId: line.word(0), reason });
      default:
        return this.step({ type: "told", peerId: line.option("from") ?? "m1", message: parseMessage(line) });
    }
  }

  private step(event: Happening): void {
    for (const action of this.machine.step({ ...event, atMs: this.timers.nowMs } as ApplicationEvent)) {
      if (action.type === "wakeAfter") this.timers.add(action.afterMs, action.word);
      if (action.type === "register") this.attempt = action.attempt;
      this.answers.push(describeAction(action));
    }
  }
}

function parseMessage(line: Line): MasterToApplication {
  switch (line.verb) {
    case "added": {
      const [executorId, host, cores] = [Number(line.word(0)), line.word(2), Number(line.word(3).slice(1))];
      return { type: "executorAdded", executorId, workerId: `worker-${host}`, host, cores, memoryMb: 1024 };
    }
    case "updated": {
      const [executorId, state] = [Number(line.word(0)), line.word(1) as ExecutorState];
      const exitCode = line.number("code");
      return {
        type: "executorUpdated",
        executorId,
        state,
        message: line.quoted,
        exitCode,
        workerLost: line.has("worker"),
      };
    }
    case "removed":
      return { type: "applicationRemoved", reason: line.quoted! };
    case "reregister":
      return { type: "reregister" };
    default:
      throw new Error(`no such command: ${line.text}`);
  }
}

function describeAction(action: ApplicationAction): string {
  switch (action.type) {
    case "register": {
      const { attempt, master, appId, executors, timeoutMs } = action;
      const who = appId === undefined ? "as new" : `as ${appId} with [${executors.join(" ")}]`;
      return `ask ${master.host} (${attempt}) ${who}, within ${timeoutMs} ms`;
    }
    case "tellMaster":
      return action.message.type === "killExecutor" ? `tell: kill ${action.message.executorId}` : "tell: heartbeat";
    case "endApplication":
      return `ask ${action.master.host} to end ${action.appId}: ${action.state}`;
    case "wakeAfter":
      return `wake after ${action.afterMs} ms: ${action.word}`;
    case "registered":
      return `registered as ${action.registration.appId}`;
    case "unreachable":
      return `unreachable${action.isRefusal ? ", refused" : ""}: ${action.reason}`;
    case "executorGranted":
      return `granted ${action.executorId} on ${action.host} x${action.cores}`;
    case "executorLost":
      return `lost ${action.executorId}${action.workerLost ? " with its worker" : ""}: ${action.reason}`;
    case "disconnected":
      return `disconnected: ${action.reason}`;
    case "reconnected":
      return "reconnected";
    case "removed":
      return `removed: ${action.reason}`;
    case "stopped":
      return "stopped";
    case "log":
      return `${action.level}: ${action.text}`;
  }
}
