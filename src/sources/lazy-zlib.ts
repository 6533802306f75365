/**
 * node:zlib when it is first needed: loading it takes longer than a small job (10 ms in Bun), and most jobs read plain files.
 * `process.getBuiltinModule` is synchronous and the same in Bun, Deno and Node.
 */
export function zlib(): typeof import("node:zlib") {
  return process.getBuiltinModule("node:zlib");
}
