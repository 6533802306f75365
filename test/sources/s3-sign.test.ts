/** Signatures against the examples in Amazon's documentation of the S3 API, "Authenticating Requests: Using the Authorization Header". */
import { expect, test } from "bun:test";
import { signS3 } from "../../src/sources/s3-sign.ts";
import { testSettings } from "./http-server.ts";

const settings = testSettings({
  "firesteel.s3.accessKey": "AKIAIOSFODNN7EXAMPLE",
  "firesteel.s3.secretKey": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  "firesteel.s3.region": "us-east-1",
  "firesteel.s3.sessionToken": "",
}).s3;
const origin = "https://examplebucket.s3.amazonaws.com";
const at = new Date("2013-05-24T00:00:00.000Z");
const signatureOf = (request: { headers?: Readonly<Record<string, string>> }) =>
  request.headers?.["authorization"]?.replace(/^.*Signature=/, "");

test("a range of an object", () => {
  const request = { method: "GET", origin, path: "/test.txt", headers: { range: "bytes=0-9" } };
  expect(signS3(request, settings, at)).toEqual({
    method: "GET",
    url: `${origin}/test.txt`,
    headers: {
      range: "bytes=0-9",
      "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "x-amz-date": "20130524T000000Z",
      authorization:
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request," +
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date," +
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    },
  });
});

test("an object with a body, and a character in its key that is encoded", () => {
  const headers = { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" };
  const body = Buffer.from("Welcome to Amazon S3.");
  const signed = signS3({ method: "PUT", origin, path: "/test$file.text", headers, body }, settings, at);
  expect(signed.url).toBe(`${origin}/test%24file.text`);
  expect(signatureOf(signed)).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
});

test("a query without a value", () => {
  const signed = signS3({ method: "GET", origin, path: "/", query: { lifecycle: "" } }, settings, at);
  expect(signed.url).toBe(`${origin}/?lifecycle=`);
  expect(signatureOf(signed)).toBe("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
});

test("a query with values", () => {
  const query = { prefix: "J", "max-keys": "2" };
  const signed = signS3({ method: "GET", origin, path: "/", query }, settings, at);
  expect(signed.url).toBe(`${origin}/?max-keys=2&prefix=J`);
  expect(signatureOf(signed)).toBe("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
});

test("a session's token is signed too; anonymous requests are not signed", () => {
  const withToken = signS3({ method: "GET", origin, path: "/a" }, { ...settings, sessionToken: "token" }, at);
  expect(withToken.headers).toMatchObject({ "x-amz-security-token": "token" });
  expect(withToken.headers?.["authorization"]).toContain("x-amz-date;x-amz-security-token,");
  expect(signS3({ method: "GET", origin, path: "/a b" }, { ...settings, anonymous: true }, at)).toEqual({
    method: "GET",
    url: `${origin}/a%20b`,
    headers: {},
  });
});
