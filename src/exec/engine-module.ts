/** Puts the public module where bundles look for it: one instance for the process's driver and each of its task threads. */
import { engineModuleSymbol } from "../closure/bundle.ts";

export function provideEngineModule(module: object): void {
  (globalThis as { [engineModuleSymbol]?: object })[engineModuleSymbol] = module;
}
