/**
 * Keys, region and endpoint of a profile, from the files that Amazon's own tools keep: `~/.aws/credentials` and `~/.aws/config`, or
 * those that AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name. Read anew each time, since other tools write them.
 *
 * Promises: files that are not there, or cannot be read, are as empty ones; what a profile says in a way that is not
 * understood here (single sign-on, roles, commands) is told by `profileProblem`, without any of its values. Nothing is asked of
 * the network.
 */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { nearest } from "./nearest.ts";

export interface AwsProfile {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string;
  readonly region: string;
  readonly endpoint: string;
}

type Environment = Readonly<Record<string, string | undefined>>;
type Sections = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Ways to keys that need more than these files. */
const otherWays = [
  "sso_session",
  "sso_start_url",
  "role_arn",
  "credential_process",
  "credential_source",
  "web_identity_token_file",
  "login_session",
];

export function readAwsProfile(name: string, environment: Environment = process.env): AwsProfile {
  const { credentials, config } = readFiles(environment);
  const ofCredentials = credentials.sections.get(name);
  const ofConfig = configSection(config.sections, name);
  // keys that belong together are in one file
  const keys = ofCredentials?.has("aws_access_key_id") === true ? ofCredentials : ofConfig;
  return {
    accessKey: keys?.get("aws_access_key_id") ?? "",
    secretKey: keys?.get("aws_secret_access_key") ?? "",
    sessionToken: keys?.get("aws_session_token") ?? "",
    region: ofConfig?.get("region") ?? ofCredentials?.get("region") ?? "",
    endpoint: ofConfig?.get("endpoint_url") ?? ofCredentials?.get("endpoint_url") ?? "",
  };
}

/** Why a profile gives no keys, and what to do; undefined where nobody seems to have meant one. */
export function profileProblem(
  name: string,
  environment: Environment = process.env,
): { readonly reason: string; readonly hint: string } | undefined {
  const { credentials, config } = readFiles(environment);
  const found = [credentials.sections.get(name), configSection(config.sections, name)].filter(
    each => each !== undefined,
  );
  if (found.length === 0) {
    if (name === "default") return undefined;
    const names = [...new Set([...credentials.sections.keys(), ...profilesOf(config.sections)])];
    const best = nearest(name, names);
    return {
      reason: `there is no profile ${name} in ${credentials.path} or ${config.path}`,
      hint: best === undefined ? "check AWS_PROFILE or firesteel.s3.profile" : `did you mean the profile ${best}?`,
    };
  }
  const way = otherWays.find(each => found.some(section => section.has(each)));
  if (way === undefined) return undefined;
  return {
    reason: `the profile ${name} gets its keys by ${way}, which only Amazon's tools can do`,
    hint: `let them: eval "$(aws configure export-credentials --profile ${name} --format env)"`,
  };
}

function readFiles(environment: Environment) {
  const folder = join(homedir(), ".aws");
  const read = (path: string) => ({ path, sections: parseSections(textOf(path)) });
  return {
    credentials: read(environment["AWS_SHARED_CREDENTIALS_FILE"] || join(folder, "credentials")),
    config: read(environment["AWS_CONFIG_FILE"] || join(folder, "config")),
  };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** `[name]`, and below it `key = value`; comments begin with # or ;. Indented lines belong to the setting above, which is not ours. */
function parseSections(text: string): Sections {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    const name = /^\[\s*([^\]]*?)\s*\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map<string, string>();
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([^\s=#;][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) section?.set(key.toLowerCase(), value!.replace(/\s[#;].*$/, "").trim());
  }
  return sections;
}

/** In the config file all sections but the default one say that they are profiles. */
function configSection(sections: Sections, name: string): ReadonlyMap<string, string> | undefined {
  return sections.get(`profile ${name}`) ?? (name === "default" ? sections.get(name) : undefined);
}

function profilesOf(sections: Sections): string[] {
  return [...sections.keys()].flatMap(name =>
    name === "default" ? [name] : (/^profile\s+(.+)$/.exec(name)?.[1] ?? []),
  );
}
