// @ts-expect-error the name is misspelt
import { shout } from "../helpers/texd.ts";

export default () => shout("x");
