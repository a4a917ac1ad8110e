// Receives events of Minutekeeper, verifies their signatures and prints one line for each: Node.js 18 or newer, no
// package.
//
//   node receive_events.mjs [PORT]
//
// WEBHOOK_SECRET is the secret of the endpoint (`whsec_…`). Events come with the headers of Standard Webhooks. The same
// event may come more than once, always with the same webhook-id.

import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const port = Number(process.argv[2] ?? 8099);
const secret = process.env.WEBHOOK_SECRET ?? "";
if (!secret.startsWith("whsec_")) {
  console.error("WEBHOOK_SECRET must be the secret of the endpoint, which begins with whsec_");
  process.exit(1);
}
const key = Buffer.from(secret.slice("whsec_".length), "base64");
const maxBodyBytes = 64 * 1024;
const maxAgeSeconds = 5 * 60;
const seen = new Set();

// Whether a signature is that of the body, and no old one. While a secret is renewed there are two signatures.
function isGenuine(headers, body) {
  const timestamp = headers["webhook-timestamp"];
  if (!(Math.abs(Date.now() / 1000 - Number(timestamp)) < maxAgeSeconds)) return false;
  const signed = createHmac("sha256", key).update(`${headers["webhook-id"]}.${timestamp}.`).update(body).digest();
  return (headers["webhook-signature"] ?? "").split(" ").some((each) => {
    const [version, text] = each.split(",");
    const given = Buffer.from(text ?? "", "base64");
    return version === "v1" && given.length === signed.length && timingSafeEqual(given, signed);
  });
}

function receive(request, body) {
  // The signature is over the bytes as they came: a body that was parsed and written again may differ.
  if (!isGenuine(request.headers, body)) {
    console.error("refused: the signature is not that of the body");
    return 401;
  }
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    seen.add(id);
    const { type, data } = JSON.parse(body);
    console.log(id, type, data.meeting?.meeting_id ?? "-");
  }
  // Any status from 200 to 299, within 20 seconds; work that takes longer is done afterwards.
  return 204;
}

const server = createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on("data", (part) => {
    size += part.length;
    if (size <= maxBodyBytes) parts.push(part);
  });
  request.on("end", () => {
    response.writeHead(size > maxBodyBytes ? 413 : receive(request, Buffer.concat(parts))).end();
  });
});
server.listen(port, "127.0.0.1", () => console.log("listening"));
