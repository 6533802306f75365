/**
 * The bytes of a module: types, imports, the functions and their exports. The shared kernel memory is imported as `env.memory`;
 * functions of kernels and of JavaScript under the names that the trees give. Code is written first, since it is what tells
 * which imports there are, and imports come before the module's own functions in the numbering.
 */
import { ByteWriter } from "./byte-writer.ts";
import type { Import, ModuleCode, ValueType } from "./code.ts";
import { encodeFunction, typeBytes } from "./encode-function.ts";

const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const kindFunction = 0;
const kindMemory = 2;
/** Flags of a memory that is shared and has a maximum. */
const sharedMemory = 3;
const memoryPagesMax = 65536;

export function encodeModule(module: ModuleCode): Uint8Array<ArrayBuffer> {
  const types = new FunctionTypes();
  const imports = new Imports();
  const code = new ByteWriter(1024);
  code.u32(module.functions.length);
  const body = new ByteWriter(1024);
  for (const each of module.functions) {
    body.length = 0;
    encodeFunction(each, body, target => imports.indexOf(target));
    code.counted(body);
  }
  const own = module.functions.map(each =>
    types.indexOf(
      each.parameters.map(parameter => parameter.type),
      each.result,
    ),
  );
  const out = new ByteWriter(code.length + 512);
  out.run(preamble);
  const importSection = importsAsBytes(imports.all, types);
  writeSection(out, section.type, types.bytes());
  writeSection(out, section.import, importSection);
  writeSection(out, section.function, indexes(own));
  writeSection(out, section.export, exportsAsBytes(module, imports.all.length));
  writeSection(out, section.code, code);
  return out.written();
}

const preamble = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Signatures by number, each once. */
class FunctionTypes {
  private readonly known = new Map<string, number>();
  private readonly written = new ByteWriter(64);

  indexOf(parameters: readonly ValueType[], result: ValueType | undefined): number {
    const key = `${parameters.join()}>${result ?? ""}`;
    const found = this.known.get(key);
    if (found !== undefined) return found;
    const to = this.written;
    to.byte(0x60);
    to.u32(parameters.length);
    for (const each of parameters) to.byte(typeBytes[each]);
    to.u32(result === undefined ? 0 : 1);
    if (result !== undefined) to.byte(typeBytes[result]);
    this.known.set(key, this.known.size);
    return this.known.size - 1;
  }

  bytes(): ByteWriter {
    const all = new ByteWriter(this.written.length + 5);
    all.u32(this.known.size);
    all.run(this.written.written());
    return all;
  }
}

/** Functions that are called, by number, each once. */
class Imports {
  readonly all: Import[] = [];
  private readonly byObject = new Map<Import, number>();
  private readonly byName = new Map<string, number>();

  indexOf(target: Import): number {
    const known = this.byObject.get(target);
    if (known !== undefined) return known;
    const name = JSON.stringify([target.module, target.name]);
    const index = this.byName.get(name) ?? this.all.push(target) - 1;
    this.byName.set(name, index);
    this.byObject.set(target, index);
    return index;
  }
}

function importsAsBytes(imports: readonly Import[], types: FunctionTypes): ByteWriter {
  const out = new ByteWriter(256);
  out.u32(imports.length + 1);
  out.name("env");
  out.name("memory");
  out.byte(kindMemory);
  out.byte(sharedMemory);
  out.u32(1);
  out.u32(memoryPagesMax);
  for (const each of imports) {
    out.name(each.module);
    out.name(each.name);
    out.byte(kindFunction);
    out.u32(types.indexOf(each.parameters, each.result));
  }
  return out;
}

function exportsAsBytes(module: ModuleCode, firstIndex: number): ByteWriter {
  const out = new ByteWriter(64);
  out.u32(module.functions.length);
  for (const [i, each] of module.functions.entries()) {
    out.name(each.name);
    out.byte(kindFunction);
    out.u32(firstIndex + i);
  }
  return out;
}

function indexes(of: readonly number[]): ByteWriter {
  const out = new ByteWriter(of.length + 5);
  out.u32(of.length);
  for (const each of of) out.u32(each);
  return out;
}

function writeSection(out: ByteWriter, id: number, content: ByteWriter): void {
  out.byte(id);
  out.counted(content);
}
