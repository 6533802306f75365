/** What a process does first that a worker started: it takes the secret from its parent, and ends when that ends. */
import { secretOfGreeting } from "../deploy/greeting.ts";
import { holdSecret } from "../deploy/secret.ts";
import { endWhenParentDoes, greetingOfParent } from "../platform/parent-watch.ts";

export async function followParent(options: { readonly userCode: boolean }): Promise<void> {
  holdSecret(secretOfGreeting(greetingOfParent()));
  await endWhenParentDoes(options);
}
