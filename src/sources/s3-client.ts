/**
 * Requests to an S3 server: addresses of buckets and keys, signatures, and what refusals mean. Errors name bucket and key, and of the
 * credentials the key's id alone.
 */
import { profileProblem } from "../base/aws-profile.ts";
import { FiresteelError } from "../base/errors.ts";
import { shownAddress } from "../base/shown-address.ts";
import type { FileSettings } from "./file-settings.ts";
import { type HttpAnswer, HttpFailure, httpRequest, unreachable } from "./http-client.ts";
import { signS3 } from "./s3-sign.ts";
import { parseError } from "./s3-xml.ts";

export interface S3Place {
  readonly bucket: string;
  /** Without a slash in front; empty for the bucket itself. */
  readonly key: string;
}

export interface S3Call extends S3Place {
  readonly method: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Statuses that are answers. */
  readonly expected: readonly number[];
  /** What the request is for, in errors: "read". */
  readonly doing: string;
}

/** `s3://bucket/key`, also as `s3a:` and `s3n:`. */
export function s3Place(path: string): S3Place {
  const [, bucket = "", key = ""] = /^s3[an]?:\/\/([^/]*)\/*([\s\S]*)$/i.exec(path) ?? [];
  if (bucket === "") {
    throw new FiresteelError("user", `${shownAddress(path)} names no bucket`, { hint: "write it as s3://bucket/key" });
  }
  if (!/^[A-Za-z0-9._-]+$/.test(bucket)) {
    throw new FiresteelError("user", `${shownAddress(path)} names no bucket that can be one`, {
      hint: "credentials are no part of the path: set firesteel.s3.accessKey and firesteel.s3.secretKey",
    });
  }
  if (key.split("/").some(part => part === "." || part === "..")) {
    throw new FiresteelError(
      "user",
      `${shownAddress(path)} has . or .. as a part of its key, which no address can have`,
    );
  }
  return { bucket, key };
}

export function s3Path({ bucket, key }: S3Place): string {
  return `s3://${bucket}/${key}`;
}

export class S3Client {
  constructor(private readonly settings: FileSettings) {}

  /** The answer, or the error that its refusal means; `undefined` where nothing has that name. */
  async call(call: S3Call, check?: (answer: HttpAnswer) => void): Promise<HttpAnswer | undefined> {
    this.needCredentials(call);
    try {
      return await httpRequest(() => this.signed(call), call.expected, this.settings, check);
    } catch (thrown) {
      if (!(thrown instanceof HttpFailure)) throw thrown;
      if (thrown.status === 404 && parseError(thrown.text)?.code !== "NoSuchBucket") return undefined;
      throw this.refused(call, thrown);
    }
  }

  private signed(call: S3Call) {
    const { endpoint, region, pathStyle } = this.settings.s3;
    const base = new URL(endpoint === "" ? `https://s3.${region}.amazonaws.com` : endpoint);
    const folder = base.pathname.replace(/\/+$/, "");
    const origin = pathStyle ? base.origin : `${base.protocol}//${call.bucket}.${base.host}`;
    const path = `${folder}${pathStyle ? `/${call.bucket}` : ""}/${call.key}`;
    const { method, query, headers, body } = call;
    return signS3(
      {
        ...{ method, origin, path },
        ...(query !== undefined && { query }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && { body }),
      },
      this.settings.s3,
      new Date(),
    );
  }

  private needCredentials(call: S3Call): void {
    const { endpoint, accessKey, secretKey, anonymous, profile } = this.settings.s3;
    if (endpoint !== "" && !(URL.canParse(endpoint) && /^https?:\/\//i.test(endpoint))) {
      throw new FiresteelError(
        "user",
        `firesteel.s3.endpoint is ${JSON.stringify(shownAddress(endpoint))}, which is no address`,
        {
          hint: "write it with its scheme: http://host:9000",
        },
      );
    }
    if (anonymous || (accessKey !== "" && secretKey !== "")) return;
    const problem = accessKey === "" ? profileProblem(profile) : undefined;
    const lacking = accessKey === "" ? "no access key" : `no secret for the access key ${accessKey}`;
    throw new FiresteelError(
      "user",
      `cannot ${call.doing} ${s3Path(call)}: ${problem?.reason ?? `there is ${lacking}`}`,
      {
        hint:
          problem?.hint ??
          "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or firesteel.s3.anonymous=true where anyone may read",
      },
    );
  }

  private refused(call: S3Call, failure: HttpFailure): FiresteelError {
    const { accessKey, anonymous, endpoint } = this.settings.s3;
    const error = parseError(failure.text);
    const where = s3Path(call);
    if (error?.code === "NoSuchBucket") {
      return new FiresteelError("user", `cannot ${call.doing} ${where}: there is no bucket ${call.bucket}`, {
        hint:
          endpoint === "" ? "check its name" : `check its name; buckets are looked for at ${shownAddress(endpoint)}`,
      });
    }
    if (failure.status === 301 || error?.code === "AuthorizationHeaderMalformed") {
      const region = failure.headers?.get("x-amz-bucket-region");
      return new FiresteelError("user", `cannot ${call.doing} ${where}: the bucket is in another region`, {
        hint: `set firesteel.s3.region${region == null ? "" : `=${region}`}`,
      });
    }
    if (failure.status === 401 || failure.status === 403) {
      const who = anonymous ? "anyone" : `the access key ${accessKey}`;
      const why = error === undefined ? "" : ` (${error.code})`;
      return new FiresteelError("user", `cannot ${call.doing} ${where}: it is denied to ${who}${why}`, {
        hint: denials[error?.code ?? ""] ?? "check what the key may do with the bucket",
      });
    }
    const said = error === undefined ? "" : ` (${error.code}: ${error.message})`;
    const reason = new HttpFailure(`${failure.reason}${said}`, failure.status, "", undefined, failure.isTransient);
    return unreachable(where, call.doing, reason, failure.status === 0 ? this.whereHint() : undefined);
  }

  private whereHint(): string {
    const { endpoint, region } = this.settings.s3;
    return endpoint === ""
      ? `check that this machine may reach Amazon S3 in ${region}, or set firesteel.s3.endpoint`
      : `check firesteel.s3.endpoint, which is ${shownAddress(endpoint)}`;
  }
}

const denials: Readonly<Record<string, string>> = {
  InvalidAccessKeyId: "the server does not know this key: check it, and the endpoint",
  SignatureDoesNotMatch: "the secret does not belong to this key: check it, and the region",
  RequestTimeTooSkewed: "this machine's clock is wrong",
  ExpiredToken: "the session has ended: get new credentials",
};
