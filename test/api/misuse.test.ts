import { declareSuite } from "./suite.ts";

await declareSuite("misuse");
