import { declareSuite } from "./suite.ts";

await declareSuite("shared", { master: "local[2,3]" });
