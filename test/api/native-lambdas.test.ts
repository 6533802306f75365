/** Lambdas over columns give JavaScript's answers, with generated code and without, and those that should have it do. */
import { declareLambdaCases } from "./lambda-cases.ts";

await declareLambdaCases("native-lambdas");
