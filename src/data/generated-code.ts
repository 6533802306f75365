/**
 * A bounded cache of generated functions, by key. Functions from one source text share the runtime's optimised code, so a
 * layout is compiled and warmed up once a thread, however many writers and readers use it.
 */
const entriesMax = 1024;

export class GeneratedCode<Factory> {
  private readonly entries = new Map<string, Factory>();

  constructor(private readonly parameters: readonly string[] = ["h", "b"]) {}

  /** The factory whose body `source` gives. */
  get(key: string, source: () => string): Factory {
    let factory = this.entries.get(key);
    if (factory === undefined) {
      if (this.entries.size >= entriesMax) this.entries.clear();
      factory = new Function(...this.parameters, `"use strict";\n${source()}`) as Factory;
      this.entries.set(key, factory);
    }
    return factory;
  }
}
