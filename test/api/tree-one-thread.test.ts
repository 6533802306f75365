/** Folds in trees, with one task thread. */
import { declareSuite } from "./suite.ts";

await declareSuite("tree", { master: "local[1]" });
