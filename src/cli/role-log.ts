/** Lines of a master or worker on stderr, with their time, down to `firesteel.log.level`; where that is not set, down to info. */
import type { Config } from "../base/config.ts";

export type RoleLog = (level: "error" | "warn" | "info" | "debug", text: string) => void;

const levels = ["error", "warn", "info", "debug"] as const;

export function roleLog(conf: Config): RoleLog {
  const most = levels.indexOf(conf.isSet("firesteel.log.level") ? conf.get("firesteel.log.level") : "info");
  return (level, text) => {
    if (levels.indexOf(level) > most) return;
    // one line, whatever the network put into it
    const line = text.replace(/[\0-\x1f\x7f]+/g, " ");
    process.stderr.write(`${new Date().toISOString()} ${level} ${line}\n`);
  };
}
