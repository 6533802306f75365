/** What pages show of the settings that remote files are read with. */
import { expect, test } from "bun:test";
import { mask, maskedSettings } from "../../src/ui/masked.ts";

test("keys, secrets and tokens of S3 are masked, wherever they stand", () => {
  const settings = {
    "firesteel.s3.accessKey": "AKID",
    "firesteel.s3.secretKey": "hush",
    "firesteel.s3.sessionToken": "token",
    "firesteel.s3.endpoint": "http://user:hush@minio:9000",
    "firesteel.s3.region": "eu-west-1",
    "firesteel.hdfs.user": "me",
  };
  expect(Object.fromEntries(maskedSettings(settings))).toEqual({
    "firesteel.s3.accessKey": mask,
    "firesteel.s3.secretKey": mask,
    "firesteel.s3.sessionToken": mask,
    "firesteel.s3.endpoint": `http://${mask}@minio:9000`,
    "firesteel.s3.region": "eu-west-1",
    "firesteel.hdfs.user": "me",
  });
});
