/**
 * The benchmarks: `bun bench/main.ts [kernels|jobs|startup] …`, all of them when none is named. Jobs and startup run the
 * compiled binary, so build first (`npm run bench` does).
 */
import { join } from "node:path";

const parts: Readonly<Record<string, string>> = {
  startup: "startup.ts",
  jobs: "jobs/main.ts",
  kernels: "kernels/main.ts",
};

const [named, ...rest] = process.argv.slice(2);
if (named !== undefined && !(named in parts)) {
  console.error(`there is no benchmark ${named}; there are ${Object.keys(parts).join(", ")}`);
  process.exit(2);
}
for (const name of named === undefined ? Object.keys(parts) : [named]) {
  console.log(`\n# ${name}`);
  const child = Bun.spawn([process.execPath, join(import.meta.dirname, parts[name]!), ...rest], {
    stdio: ["inherit", "inherit", "inherit"],
  });
  const code = await child.exited;
  if (code !== 0) process.exit(code);
}
