/**
 * Configuration keys of files on other machines. What a driver finds in its AWS_ variables, or in the files of Amazon's tools, goes
 * to its executors with the other settings, so that they need no credentials of their own.
 */
import { type AwsProfile, readAwsProfile } from "./aws-profile.ts";
import type { KeySpec, Surroundings } from "./key-spec.ts";

const second = 1000;

const fromEnvironment =
  (...names: readonly string[]) =>
  () =>
    names.map(name => process.env[name]).find(value => value !== undefined && value !== "") ?? "";

/** As `fromEnvironment`, else what the profile says. */
const fromProfile =
  (names: readonly string[], item: keyof AwsProfile) =>
  ({ get }: Surroundings) =>
    fromEnvironment(...names)() || profileOf(get)[item];

const profileOf = (get: Surroundings["get"]): AwsProfile => readAwsProfile(get("firesteel.s3.profile") as string);

/** What makes up one key is of one place: no part of another one's is put to it. */
const fromCredentials =
  (name: string, item: keyof AwsProfile) =>
  ({ get, isSet }: Surroundings): string => {
    const ofEnvironment = fromEnvironment("AWS_ACCESS_KEY_ID")();
    if (isSet("firesteel.s3.accessKey")) {
      const isOther = ofEnvironment !== "" && ofEnvironment !== get("firesteel.s3.accessKey");
      return isOther ? "" : fromEnvironment(name)();
    }
    return ofEnvironment === "" ? profileOf(get)[item] : fromEnvironment(name)();
  };

export const sourceKeys = {
  "firesteel.files.timeout": {
    type: "duration",
    min: 100,
    max: 600 * second,
    default: 10 * second,
    meaning: "How long a server of remote files may say nothing before it is given up.",
  },
  "firesteel.files.retries": {
    type: "int",
    min: 0,
    max: 20,
    default: 4,
    meaning: "How often a request for a remote file is made again when the server is busy or the connection breaks.",
  },
  "firesteel.s3.endpoint": {
    type: "string",
    default: fromProfile(["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"], "endpoint"),
    defaultText: "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, else the profile's, else Amazon's of the region",
    meaning: "Address of the server behind s3: paths, such as http://minio:9000.",
  },
  "firesteel.s3.region": {
    type: "string",
    default: around => fromProfile(["AWS_REGION", "AWS_DEFAULT_REGION"], "region")(around) || "us-east-1",
    defaultText: "AWS_REGION or AWS_DEFAULT_REGION, else the profile's, else us-east-1",
    meaning: "Region that S3 requests are signed for.",
  },
  "firesteel.s3.pathStyle": {
    type: "choice",
    choices: ["auto", "true", "false"],
    default: "auto",
    meaning:
      "Whether the bucket is in the path of an address, not in its host name; auto: with an endpoint of one's own.",
  },
  "firesteel.s3.profile": {
    type: "string",
    default: () => fromEnvironment("AWS_PROFILE", "AWS_DEFAULT_PROFILE")() || "default",
    defaultText: "AWS_PROFILE, else default",
    meaning:
      "Profile in the driver's ~/.aws/credentials and ~/.aws/config whose keys, region and endpoint count where neither settings nor AWS_ variables say otherwise.",
  },
  "firesteel.s3.accessKey": {
    type: "string",
    default: fromCredentials("AWS_ACCESS_KEY_ID", "accessKey"),
    defaultText: "AWS_ACCESS_KEY_ID, else the profile's",
    meaning: "Id of the key that S3 requests are signed with.",
  },
  "firesteel.s3.secretKey": {
    type: "string",
    default: fromCredentials("AWS_SECRET_ACCESS_KEY", "secretKey"),
    defaultText: "AWS_SECRET_ACCESS_KEY, else the profile's",
    meaning: "The secret of that key.",
  },
  "firesteel.s3.sessionToken": {
    type: "string",
    default: fromCredentials("AWS_SESSION_TOKEN", "sessionToken"),
    defaultText: "AWS_SESSION_TOKEN, else the profile's",
    meaning: "Session token of temporary S3 credentials.",
  },
  "firesteel.s3.anonymous": {
    type: "boolean",
    default: false,
    meaning: "Whether S3 requests are not signed, for buckets that anyone may read.",
  },
  "firesteel.hdfs.httpPort": {
    type: "int",
    min: 1,
    max: 65_535,
    default: 9870,
    meaning:
      "Port at which the name node of an hdfs: path speaks WebHDFS; the port of the path itself is for other clients.",
  },
  "firesteel.hdfs.httpScheme": {
    type: "choice",
    choices: ["http", "https"],
    default: "http",
    meaning: "Whether WebHDFS is spoken over TLS.",
  },
  "firesteel.hdfs.nameNodes": {
    type: "list",
    default: [],
    meaning:
      "Name nodes behind names that hdfs: paths use for several, as name=host:port with the port of WebHDFS; the active one is found by asking.",
  },
  "firesteel.hdfs.user": {
    type: "string",
    default: () => fromEnvironment("HADOOP_USER_NAME", "USER", "LOGNAME")(),
    defaultText: "HADOOP_USER_NAME, else the user's name",
    meaning: "Who WebHDFS is told that the user is.",
  },
} as const satisfies Readonly<Record<string, KeySpec>>;
