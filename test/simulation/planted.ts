/**
 * Bugs, each of a kind that clusters have had, planted into the running code: what a simulation is worth is whether it finds
 * them. `plant` gives back what takes the bug out again.
 */
import { Random } from "../../src/base/random.ts";
import { WorkerMachine } from "../../src/deploy/worker-machine.ts";
import { ExecutorCore } from "../../src/exec/executor-core.ts";
import { OutputCommitCoordinator } from "../../src/schedule/output-commit.ts";
import { Outputs } from "../../src/schedule/outputs.ts";

export interface PlantedBug {
  readonly name: string;
  /** What the simulation says when it has found it. */
  readonly found: RegExp;
  plant(): () => void;
}

/** Puts another method in the place of a class's, which is given to it first. */
function replace<T>(
  of: { readonly prototype: T },
  name: string,
  make: (own: (...args: never[]) => unknown) => unknown,
): () => void {
  const methods = of.prototype as unknown as Record<string, unknown>;
  const own = methods[name] as (...args: never[]) => unknown;
  methods[name] = make(own);
  return () => (methods[name] = own);
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "a report of ended tasks is lost, and nobody notices",
    found: /a job never ends|is committed by/,
    plant() {
      const random = new Random(1);
      return replace(
        ExecutorCore,
        "sendReport",
        own =>
          function (this: { successes: unknown[]; failures: unknown[] }) {
            if (random.below(20) > 0) return Reflect.apply(own, this, []);
            this.successes = [];
            this.failures = [];
            return undefined;
          },
      );
    },
  },
  {
    name: "an output is committed twice",
    found: /is committed by/,
    plant: () =>
      replace(
        OutputCommitCoordinator,
        "step",
        own =>
          function (this: OutputCommitCoordinator, event: { readonly type: string; readonly attempt: number }) {
            if (event.type !== "askedToCommit") return Reflect.apply(own, this, [event]);
            return [{ type: "commitAnswered", attempt: event.attempt, allowed: true }];
          },
      ),
  },
  {
    name: "a stale map output is served beside a new one",
    found: /rows of two attempts/,
    plant: () =>
      replace(
        Outputs,
        "accept",
        own =>
          function (this: Outputs, ...args: never[]) {
            Reflect.apply(own, this, args);
            return false;
          },
      ),
  },
  {
    name: "a worker is counted twice after it has come back",
    found: /cores, and executors with|a job never ends|left behind/,
    plant: () =>
      replace(
        WorkerMachine,
        "step",
        own =>
          function (this: WorkerMachine & { registrations?: number }, event: unknown) {
            const actions = Reflect.apply(own, this, [event]) as { type: string; registration?: object }[];
            return actions.map(action => {
              if (action.type !== "register") return action;
              this.registrations = (this.registrations ?? 0) + 1;
              if (this.registrations === 1) return action;
              const { registration } = action as { registration: { workerId: string; address: { port: number } } };
              const { workerId, address } = registration;
              return {
                ...action,
                registration: {
                  ...registration,
                  workerId: `${workerId}-${this.registrations}`,
                  address: { ...address, port: address.port + 1000 * this.registrations },
                  executors: [],
                },
              };
            });
          },
      ),
  },
  {
    name: "a question has no deadline",
    found: /a job never ends/,
    plant: () =>
      replace(
        ExecutorCore,
        "askToCommit",
        () =>
          async function (this: never, thread: number, attempt: number) {
            const { driver, place } = this as unknown as {
              driver: { ask(question: object, options: object): Promise<boolean> };
              place: { answerCommit(thread: number, attempt: number, allowed: boolean): void };
            };
            const allowed = await driver.ask({ type: "mayCommit", attempt }, { timeoutMs: 2 ** 31 }).catch(() => false);
            place.answerCommit(thread, attempt, allowed);
          },
      ),
  },
];
