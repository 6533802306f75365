/** A port for a process that is to come back to it: while it is away nobody else may get it by chance. */
import { createServer } from "node:net";

/** Below those that systems give to whoever asks for any, and to connections. */
const [lowest, highest] = [12_000, 32_000];

export async function quietPort(): Promise<number> {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.on("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
