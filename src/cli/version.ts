/** The version of this build and of what it runs on. */
import manifest from "../../package.json" with { type: "json" };

export const version: string = manifest.version;

/** "firesteel 0.1.0 (bun 1.4.5, linux x64)". */
export function versionText(): string {
  const { bun, deno, node } = process.versions as Readonly<Record<string, string | undefined>>;
  const runtime = deno !== undefined ? `deno ${deno}` : bun !== undefined ? `bun ${bun}` : `node ${node}`;
  return `firesteel ${version} (${runtime}, ${process.platform} ${process.arch})`;
}
