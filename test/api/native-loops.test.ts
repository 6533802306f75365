/** Lambdas with loops have generated code, in which no call takes long, and give the answers of JavaScript. */
import { declareLambdaCases } from "./lambda-cases.ts";

await declareLambdaCases("native-loops");
