// Books a meeting over Minutekeeper's HTTP API and prints its id: Node.js 18 or newer, no package.
//
//   node book_over_api.mjs URL START [--wait]
//
// START is an instant with a zone, such as 2027-01-11T10:00:00Z. MK_API_URL is the address of `minutekeeper web`, and
// MK_API_KEY a key with the scopes book and read (`make dev` writes both into the file that it names). With --wait, the
// program stays until the meeting has ended and prints its status.

import { setTimeout as pause } from "node:timers/promises";

const [url, start, option] = process.argv.slice(2);
if (!start || (option && option !== "--wait")) {
  console.error("usage: book_over_api.mjs URL START [--wait]");
  process.exit(2);
}

const api = process.env.MK_API_URL || "http://127.0.0.1:8092";
const tries = 5;

// The answer of the API, which is asked again where it is busy; ends the program where it refuses.
async function ask(method, path, { body, headers } = {}) {
  for (let attempt = 1; ; attempt += 1) {
    let answer;
    try {
      answer = await fetch(`${api}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${process.env.MK_API_KEY}`,
          ...(body && { "Content-Type": "application/json" }),
          ...headers,
        },
        body: body && JSON.stringify(body),
      });
    } catch (error) {
      if (attempt < tries) {
        await pause(1000 * attempt);
        continue;
      }
      console.error(`The API does not answer: ${error.cause?.message ?? error.message}`);
      process.exit(1);
    }
    if ([429, 503].includes(answer.status) && attempt < tries) {
      await pause(1000 * Number(answer.headers.get("Retry-After") ?? attempt));
      continue;
    }
    if (answer.status >= 400) {
      console.error(`The API answered ${answer.status}: ${(await answer.json()).detail}`);
      process.exit(1);
    }
    return answer;
  }
}

// The same link and start are the same meeting, so this may be repeated when an answer was lost.
const wanted = { meeting_url: url, start_time: start };
const booked = await (await ask("POST", "/api/v1/meetings", { body: wanted })).json();
console.log(booked.meeting_id, booked.booking);

// Each answer is held back for half a minute, or until something happens.
let headers = {};
while (option) {
  const answer = await ask("GET", `${booked.url}?wait=30`, { headers });
  if (answer.status !== 304) {
    const { status } = await answer.json();
    if (["completed", "failed", "cancelled"].includes(status)) {
      console.log(status);
      break;
    }
    headers = { "If-None-Match": answer.headers.get("ETag") };
  }
}
