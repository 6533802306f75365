/**
 * A thread that is asked and waited for: the asking thread stands still until the answer is there, so that what is synchronous may
 * rest on what is not. The thread beats while it lives; a silent one is given up, so no wait is for ever. Questions are answered
 * one at a time, in order.
 *
 * The main thread may wait like that: engine and task threads go on meanwhile.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from "node:worker_threads";
import { startThread, threadData, type ThreadRole } from "./threads.ts";

const word = { answers: 0, beats: 1 } as const;
const beatEveryMs = 100;
/** No beat for that long is a thread that died, or never came to be. */
const silenceMaxMsDefault = 20_000;

interface AskedThreadStart {
  readonly words: Int32Array;
  readonly port: MessagePort;
}

export class AskedThread<Question, Answer> {
  private readonly words = new Int32Array(new SharedArrayBuffer(8));
  private readonly port: MessagePort;
  private readonly worker: Worker;

  constructor(
    role: ThreadRole,
    private readonly silenceMaxMs = silenceMaxMsDefault,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const start: AskedThreadStart = { words: this.words, port: port2 };
    this.worker = startThread(role, { ...start }, [port2]);
    this.worker.unref();
    this.port.unref();
    this.worker.on("error", () => {});
  }

  /** The answer; undefined when the thread is silent. Nothing else happens on this thread meanwhile. */
  ask(question: Question): { readonly answer: Answer } | undefined {
    const before = Atomics.load(this.words, word.answers);
    this.port.postMessage(question);
    for (;;) {
      const beats = Atomics.load(this.words, word.beats);
      const deadlineMs = performance.now() + this.silenceMaxMs;
      while (Atomics.load(this.words, word.beats) === beats) {
        if (Atomics.wait(this.words, word.answers, before, beatEveryMs) !== "timed-out") break;
        if (performance.now() > deadlineMs) return undefined;
      }
      if (Atomics.load(this.words, word.answers) === before) continue;
      const received = receiveMessageOnPort(this.port) as { readonly message: Answer } | undefined;
      if (received !== undefined) return { answer: received.message };
      Atomics.wait(this.words, word.answers, before + 1, 1);
    }
  }

  end(): void {
    this.port.close();
    void this.worker.terminate();
  }
}

/** In the thread: answers what it is asked. `answer` does not throw. */
export function answerAsked<Question, Answer>(answer: (question: Question) => Promise<Answer>): void {
  const { words, port } = threadData<AskedThreadStart>();
  setInterval(() => void Atomics.add(words, word.beats, 1), beatEveryMs);
  port.on("message", (question: Question) => {
    void answer(question).then(found => {
      port.postMessage(found);
      Atomics.add(words, word.answers, 1);
      Atomics.notify(words, word.answers);
    });
  });
}
