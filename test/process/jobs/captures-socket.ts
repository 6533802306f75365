import { connect } from "node:net";
import type { Context } from "firesteel";

export default async function main(ctx: Context): Promise<void> {
  const socket = connect(9, "127.0.0.1").on("error", () => {});
  await ctx.range(10).foreach(x => {
    socket.write(String(x));
  });
}
