/**
 * Bun's bundler, and its hook on the modules that the program itself imports. Both give the user's files (those outside of
 * node_modules) to a rewriting function before anything else reads them.
 */
import { createRequire } from "node:module";

export interface RewrittenFile {
  readonly contents: string;
  readonly loader: "js" | "jsx" | "ts" | "tsx";
}

export interface BundleProblem {
  readonly message: string;
  readonly file: string | undefined;
  /** From 1, in the text that the bundler read. */
  readonly line: number;
  readonly column: number;
  /** What could not be resolved. */
  readonly specifier: string | undefined;
}

export type BundleResult =
  | { readonly ok: true; readonly code: string; readonly map: string }
  | { readonly ok: false; readonly problems: readonly BundleProblem[] };

export interface BundleRequest {
  readonly entry: string;
  /** What paths in the source map are relative to. */
  readonly root: string;
  readonly rewrite: (path: string) => Promise<RewrittenFile>;
  /** Files below are left as they are. */
  readonly exceptFolder: string;
  /** Modules that exist only in the bundle, by specifier. */
  readonly virtual: Readonly<Record<string, string>>;
  /** Files that are replaced by one of those, by path. */
  readonly replaced: Readonly<Record<string, string>>;
}

function userFilesOutside(folder: string): RegExp {
  return new RegExp(`^(?!${escape(folder)})(?!.*[\\\\/]node_modules[\\\\/]).*\\.[cm]?[jt]sx?$`);
}

export async function bundle(request: BundleRequest): Promise<BundleResult> {
  const virtual = new RegExp(`^(?:${Object.keys(request.virtual).map(escape).join("|")})$`);
  const result = await Bun.build({
    entrypoints: [request.entry],
    root: request.root,
    target: "bun",
    format: "esm",
    sourcemap: "external",
    env: "disable",
    define: { "process.env.NODE_ENV": "process.env.NODE_ENV" },
    throw: false,
    plugins: [
      {
        name: "firesteel",
        setup(build) {
          build.onResolve({ filter: virtual }, ({ path }) => ({ path, namespace: "firesteel" }));
          build.onLoad({ filter: /.*/, namespace: "firesteel" }, ({ path }) => ({
            contents: request.virtual[path]!,
            loader: "js",
          }));
          for (const [path, specifier] of Object.entries(request.replaced)) {
            build.onLoad({ filter: new RegExp(`^${escape(path)}$`) }, () => ({
              contents: request.virtual[specifier]!,
              loader: "js",
            }));
          }
          build.onLoad({ filter: userFilesOutside(request.exceptFolder) }, ({ path }) => request.rewrite(path));
        },
      },
    ],
  });
  const [code, map] = result.outputs;
  if (!result.success || code === undefined || map === undefined)
    return { ok: false, problems: result.logs.map(problemOf) };
  return { ok: true, code: await code.text(), map: await map.text() };
}

/**
 * The text of a module as this runtime takes it. Bun's bundler names built-in modules without `node:` and requires them by
 * `import.meta.require`; other runtimes have neither.
 */
export function moduleText(code: string): string {
  if (canBundle()) return code;
  const { builtinModules } = createRequire(import.meta.url)("node:module") as { builtinModules: string[] };
  const names = new Set(builtinModules);
  return code
    .replace(/^(import\b.*? )"([\w/]+)";$/gm, (line, before: string, name: string) =>
      names.has(name) ? `${before}"node:${name}";` : line,
    )
    .replace(
      /^var __require = import\.meta\.require;$/m,
      "var __require = name => globalThis.process.getBuiltinModule(name);",
    );
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

type Log = (BuildMessage | ResolveMessage) & { readonly specifier?: string };

function problemOf(log: Log): BundleProblem {
  const { position } = log;
  return {
    message: log.message,
    file: position?.file,
    line: position?.line ?? 1,
    column: position?.column ?? 1,
    specifier: log.specifier === undefined || log.specifier === "" ? undefined : log.specifier,
  };
}

/** Whether this runtime can bundle; others run what was bundled elsewhere. */
export function canBundle(): boolean {
  return typeof Bun !== "undefined";
}

/** Rewrites the user's files as the program imports them, from now on; those of one folder stay as they are. */
export function rewriteImports(exceptFolder: string, rewrite: (path: string) => Promise<RewrittenFile>): void {
  const filter = userFilesOutside(exceptFolder);
  Bun.plugin({
    name: "firesteel",
    setup(build) {
      build.onLoad({ filter }, ({ path }) => rewrite(path));
    },
  });
}

/** The file that the program was started with. */
export function mainFile(): string {
  return Bun.main;
}

/** TypeScript as JavaScript, on other lines and columns. Throws when the text is neither. */
export function withoutTypes(text: string, loader: RewrittenFile["loader"]): string {
  return new Bun.Transpiler({ loader, target: "bun", deadCodeElimination: false, inline: false }).transformSync(text);
}

/**
 * Why the text is no module; undefined when it is one, as far as parsing tells. Runs none of it: unlike `withoutTypes` and the
 * bundler, which call macros.
 */
export function syntaxProblem(text: string, loader: RewrittenFile["loader"]): BundleProblem | undefined {
  try {
    new Bun.Transpiler({ loader, target: "bun" }).scanImports(text);
    return undefined;
  } catch (thrown) {
    const first: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
    const log = first as Partial<Log>;
    return problemOf({ message: String(log.message ?? thrown), position: log.position ?? null } as Log);
  }
}
