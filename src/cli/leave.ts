/**
 * Ends the process after a job, whatever timers, sockets or threads the job left behind; but not before all of its output has
 * been taken by the reader of the pipe.
 */

export async function leave(code: number | string): Promise<never> {
  await Promise.all([process.stdout, process.stderr].map(taken));
  process.exit(code);
}

/** Ending a stream waits for its buffer; neither an empty write nor `writableLength` does in Bun. A broken pipe is done too. */
function taken(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise(resolve => {
    stream.once("error", () => resolve());
    stream.end(() => resolve());
  });
}
