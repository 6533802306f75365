/**
 * What the engine thread tells the driver's thread, packed for one `postMessage`: the starts and ends of tasks and small results, three
 * messages a task, as one text and one run of bytes, which cost a sixth of what the objects do. Everything else goes as it is. The order
 * of messages stays.
 */
import type { EngineEvent } from "../base/events.ts";
import type { JobId } from "../base/ids.ts";
import type { FromEngine } from "./messages.ts";

/** Larger ones are not copied together. */
const payloadBytesMax = 4096;

export interface EngineMail {
  /** JSON of a list: a task's event, a result as `[job, partition, bytes]`, or null for the next of `others`. */
  readonly text: string;
  /** Payloads, one behind the other. */
  readonly payloads: Uint8Array;
  readonly others: readonly FromEngine[];
}

type Entry = TaskEvent | readonly [JobId, number, number] | null;
type TaskEvent = Extract<EngineEvent, { type: "taskStarted" | "taskEnded" }>;

export function packMail(messages: readonly FromEngine[]): EngineMail {
  const others: FromEngine[] = [];
  const payloads: Uint8Array[] = [];
  let bytes = 0;
  const entries = messages.map((message): Entry => {
    if (message.type === "event" && isOfTask(message.event)) return message.event;
    if (message.type === "result" && message.payload.length <= payloadBytesMax) {
      payloads.push(message.payload);
      bytes += message.payload.length;
      return [message.job, message.partition, message.payload.length];
    }
    others.push(message);
    return null;
  });
  const together = new Uint8Array(bytes);
  let at = 0;
  for (const payload of payloads) {
    together.set(payload, at);
    at += payload.length;
  }
  return { text: JSON.stringify(entries), payloads: together, others };
}

export function unpackMail({ text, payloads, others }: EngineMail): FromEngine[] {
  let other = 0;
  let at = 0;
  return (JSON.parse(text) as Entry[]).map((entry): FromEngine => {
    if (entry === null) return others[other++]!;
    if (!Array.isArray(entry)) return { type: "event", event: entry as TaskEvent };
    const [job, partition, bytes] = entry as readonly [JobId, number, number];
    return { type: "result", job, partition, payload: payloads.subarray(at, (at += bytes)) };
  });
}

function isOfTask(event: EngineEvent): event is TaskEvent {
  return event.type === "taskStarted" || event.type === "taskEnded";
}
