/** Persisted and checkpointed Rdds, with executors that are processes. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { declareSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["FIRESTEEL_TEST_LOCAL_DIRS"] = folder;

await declareSuite("storage", { master: "local-cluster[2,1,64]", conf: { "firesteel.local.dirs": folder } });
