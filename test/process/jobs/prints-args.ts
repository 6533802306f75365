import { basename } from "node:path";
import type { Context } from "firesteel";

export default async function main(_: Context, args: string[]): Promise<void> {
  console.log(JSON.stringify(args), JSON.stringify(process.argv.slice(2)), basename(process.argv[1]!));
}
