import { Context } from "firesteel";

export default async function main(): Promise<void> {
  await Context.create();
}
