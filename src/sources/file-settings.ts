/** What remote files are read and written with: from the values of configuration keys, secrets among them. Never part of a plan. */

export interface FileSettings {
  readonly timeoutMs: number;
  readonly retriesMax: number;
  readonly s3: S3Settings;
  readonly hdfs: {
    readonly httpPort: number;
    readonly httpScheme: string;
    readonly user: string;
    readonly nameNodes: readonly string[];
  };
}

export interface S3Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly pathStyle: boolean;
  readonly profile: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly sessionToken: string;
  readonly anonymous: boolean;
}

/** From the values of configuration keys. */
export function fileSettings(setting: (key: string) => unknown): FileSettings {
  const text = (key: string) => setting(key) as string;
  const endpoint = text("firesteel.s3.endpoint").replace(/\/+$/, "");
  const pathStyle = text("firesteel.s3.pathStyle");
  return {
    timeoutMs: setting("firesteel.files.timeout") as number,
    retriesMax: setting("firesteel.files.retries") as number,
    s3: {
      endpoint,
      region: text("firesteel.s3.region"),
      pathStyle: pathStyle === "auto" ? endpoint !== "" : pathStyle === "true",
      profile: text("firesteel.s3.profile"),
      accessKey: text("firesteel.s3.accessKey"),
      secretKey: text("firesteel.s3.secretKey"),
      sessionToken: text("firesteel.s3.sessionToken"),
      anonymous: setting("firesteel.s3.anonymous") === true,
    },
    hdfs: {
      httpPort: setting("firesteel.hdfs.httpPort") as number,
      httpScheme: text("firesteel.hdfs.httpScheme"),
      user: text("firesteel.hdfs.user"),
      nameNodes: setting("firesteel.hdfs.nameNodes") as readonly string[],
    },
  };
}
