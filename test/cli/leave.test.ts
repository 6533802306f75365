import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

test("what was printed arrives whole at a slow reader, though timers still run", async () => {
  const folder = mkdtempSync(join(tmpdir(), "firesteel-leave-"));
  try {
    const program = join(folder, "program.ts");
    writeFileSync(
      program,
      `import { leave } from ${JSON.stringify(join(import.meta.dirname, "../../src/cli/leave.ts"))};
      setInterval(() => {}, 1000);
      for (let i = 0; i < 4; i++) process.stdout.write(String(i).repeat(1 << 20));
      await leave(7);`,
    );
    const child = Bun.spawn([process.execPath, program], { stdout: "pipe", timeout: 50_000 });
    let bytes = 0;
    for await (const chunk of child.stdout) {
      bytes += chunk.length;
      await new Promise(resolve => setImmediate(resolve));
    }
    expect(bytes).toBe(4 << 20);
    expect(await child.exited).toBe(7);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
