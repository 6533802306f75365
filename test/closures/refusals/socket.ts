import { createConnection } from "node:net";
import type { FormContext } from "../form-context.ts";

const socket = createConnection({ host: "127.0.0.1", port: 9 }).on("error", () => undefined);
socket.destroy();

export default async function main(ctx: FormContext): Promise<unknown> {
  return ctx.ship((row: string) => {
    socket.write(row);
    return row;
  });
}
