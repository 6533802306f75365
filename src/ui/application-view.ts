/** What an application's pages know beside what they observed. */
import type { EngineView } from "../exec/observer.ts";

export interface ApplicationAbout {
  /** The Context's `applicationId`; undefined until a master has given it. */
  readonly id: string | undefined;
  readonly name: string;
  readonly user: string;
  readonly startedMs: number;
}

export interface ApplicationView extends EngineView {
  readonly application: ApplicationAbout;
}

/** What it is called where an id is needed. */
export function applicationId({ id }: ApplicationAbout): string {
  return id ?? "unregistered";
}
