/** Kept Rdds that outgrow memory, with four task threads. */
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { declareSuite } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "firesteel-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
process.env["FIRESTEEL_TEST_LOCAL_DIRS"] = folder;

await declareSuite("pressure", { master: "local[4]", conf: { "firesteel.local.dirs": folder } });
