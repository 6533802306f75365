/**
 * Memory that the process holds, and which of its threads asked for it last. The system counts page faults per thread, so
 * another thread can tell whose memory grows while that one is busy. Linux has the counts; elsewhere they are 0.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** Of the whole process. A few microseconds. */
export function residentBytes(): number {
  return process.memoryUsage.rss();
}

/** The system's number of the calling thread; 0 where it cannot be told. */
export function threadNumber(): number {
  try {
    return Number(/\d+$/.exec(readlinkSync("/proc/thread-self"))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/** How often a thread has touched memory that was not there. */
export function pageFaults(thread: number): number {
  try {
    const text = readFileSync(`/proc/self/task/${thread}/stat`, "latin1");
    // the name, in parentheses, may hold spaces: proc_pid_stat(5)
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[7]);
  } catch {
    return 0;
  }
}
