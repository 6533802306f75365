/** Profiles of Amazon's tools: what of them counts, for which keys, and what is said of those that give none. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { profileProblem, readAwsProfile } from "../../src/base/aws-profile.ts";
import type { ConfigKey } from "../../src/base/config-keys.ts";
import { Config, settingsLayer } from "../../src/base/config.ts";

const credentials = `
# made by hand
[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key=s/ecret+of=default   ; why not

[ work ]\r
AWS_ACCESS_KEY_ID = AKWORK\r
aws_secret_access_key = of work\r
aws_session_token = token of work\r
region = eu-west-3
[half]
aws_access_key_id = AKHALF
`;
const config = `[default]
region = ap-south-1
s3 =
  endpoint_url = http://not.this
  max_concurrent_requests = 20
[profile work]
endpoint_url = http://minio:9000
[profile half]
aws_secret_access_key = of another
[profile office]
sso_session = corp
region = eu-north-1
[profile role]
role_arn = arn:aws:iam::1:role/x
source_profile = default
[profile config-only]
aws_access_key_id = AKCONFIG
aws_secret_access_key = of config
[sso-session corp]
region = us-west-2
`;

let folder: string;
let files: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "firesteel-aws-"));
  files = {
    AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
    AWS_CONFIG_FILE: join(folder, "config"),
  };
  writeFileSync(files["AWS_SHARED_CREDENTIALS_FILE"]!, credentials);
  writeFileSync(files["AWS_CONFIG_FILE"]!, config);
});
afterAll(() => rmSync(folder, { recursive: true }));

test("both files are read, keys of one profile from one of them", () => {
  const none = { accessKey: "", secretKey: "", sessionToken: "", region: "", endpoint: "" };
  expect(readAwsProfile("default", files)).toEqual({
    ...none,
    ...{ accessKey: "AKDEFAULT", secretKey: "s/ecret+of=default", region: "ap-south-1" },
  });
  expect(readAwsProfile("work", files)).toEqual({
    ...{ accessKey: "AKWORK", secretKey: "of work", sessionToken: "token of work" },
    ...{ region: "eu-west-3", endpoint: "http://minio:9000" },
  });
  expect(readAwsProfile("half", files)).toEqual({ ...none, accessKey: "AKHALF" });
  expect(readAwsProfile("config-only", files)).toMatchObject({ accessKey: "AKCONFIG", secretKey: "of config" });
  expect(readAwsProfile("office", files)).toEqual({ ...none, region: "eu-north-1" });
  expect(readAwsProfile("corp", files)).toEqual(none);
  const nowhere = { AWS_SHARED_CREDENTIALS_FILE: folder, AWS_CONFIG_FILE: join(folder, "none") };
  expect(readAwsProfile("default", nowhere)).toEqual(none);
});

test("what a profile lacks is told, and what it needs", () => {
  expect(profileProblem("offise", files)).toEqual({
    reason: `there is no profile offise in ${folder}/credentials or ${folder}/config`,
    hint: "did you mean the profile office?",
  });
  expect(profileProblem("quite-another", files)?.hint).toBe("check AWS_PROFILE or firesteel.s3.profile");
  expect(profileProblem("office", files)).toEqual({
    reason: "the profile office gets its keys by sso_session, which only Amazon's tools can do",
    hint: 'let them: eval "$(aws configure export-credentials --profile office --format env)"',
  });
  expect(profileProblem("role", files)?.reason).toContain("role_arn");
  expect(profileProblem("default", { AWS_SHARED_CREDENTIALS_FILE: folder, AWS_CONFIG_FILE: folder })).toBeUndefined();
});

describe("settings", () => {
  const names = ["accessKey", "secretKey", "sessionToken", "region", "endpoint"] as const;

  /** With these variables and no other ones of Amazon's. */
  function values(variables: Record<string, string>, settings: Record<string, string> = {}): string[] {
    const before = { ...process.env };
    for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
    Object.assign(process.env, files, variables);
    try {
      const given = Config.from([settingsLayer("test", settings)], { cores: 1, memoryBytes: 2 ** 30 });
      return names.map(name => given.get(`firesteel.s3.${name}` satisfies ConfigKey));
    } finally {
      for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) delete process.env[name];
      Object.assign(process.env, before);
    }
  }

  test("the profile is that of the setting, of the variable, or the default one", () => {
    const ofDefault = ["AKDEFAULT", "s/ecret+of=default", "", "ap-south-1", ""];
    const ofWork = ["AKWORK", "of work", "token of work", "eu-west-3", "http://minio:9000"];
    expect(values({})).toEqual(ofDefault);
    expect(values({ AWS_PROFILE: "work" })).toEqual(ofWork);
    expect(values({ AWS_PROFILE: "half" }, { "firesteel.s3.profile": "work" })).toEqual(ofWork);
    expect(values({ AWS_PROFILE: "none-such" })).toEqual(["", "", "", "us-east-1", ""]);
  });

  test("variables win over it, settings over both, and keys are never put together of two", () => {
    const variables = { AWS_PROFILE: "work", AWS_ACCESS_KEY_ID: "AKENV", AWS_SECRET_ACCESS_KEY: "of env" };
    expect(values(variables)).toEqual(["AKENV", "of env", "", "eu-west-3", "http://minio:9000"]);
    expect(values({ ...variables, AWS_REGION: "sa-east-1" })[3]).toBe("sa-east-1");
    const settings = { "firesteel.s3.accessKey": "AKSET", "firesteel.s3.secretKey": "of settings" };
    expect(values({ AWS_PROFILE: "work" }, settings).slice(0, 3)).toEqual(["AKSET", "of settings", ""]);
    const temporary = { ...variables, AWS_SESSION_TOKEN: "token of env" };
    expect(values(temporary).slice(0, 3)).toEqual(["AKENV", "of env", "token of env"]);
    expect(values(temporary, settings).slice(0, 3)).toEqual(["AKSET", "of settings", ""]);
    expect(values(temporary, { "firesteel.s3.accessKey": "AKSET" }).slice(0, 3)).toEqual(["AKSET", "", ""]);
    expect(values(temporary, { "firesteel.s3.accessKey": "AKENV" }).slice(0, 3)).toEqual(values(temporary).slice(0, 3));
    const { AWS_ACCESS_KEY_ID: _, ...withoutId } = temporary;
    expect(values(withoutId).slice(0, 3)).toEqual(["AKWORK", "of work", "token of work"]);
    expect(values(withoutId, { "firesteel.s3.accessKey": "AKSET" }).slice(0, 2)).toEqual(["AKSET", "of env"]);
  });
});
