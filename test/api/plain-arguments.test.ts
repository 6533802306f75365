import { declareSuite } from "./suite.ts";

await declareSuite("plain-arguments");
