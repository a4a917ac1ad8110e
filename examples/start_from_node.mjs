// Books a meeting through Temporal's HTTP API and prints its status: Node.js 18 or newer, no package.
//
//   node start_from_node.mjs WORKFLOW_ID URL START
//
// START is an instant with a zone, such as 2027-01-11T10:00:00Z. TEMPORAL_HTTP is the address of Temporal's HTTP API
// (by default that of `make dev`), TEMPORAL_NAMESPACE the namespace.

const [workflowId, url, start] = process.argv.slice(2);
if (!start) {
  console.error("usage: start_from_node.mjs WORKFLOW_ID URL START");
  process.exit(2);
}

const api = process.env.TEMPORAL_HTTP || "http://127.0.0.1:7243";
const namespace = process.env.TEMPORAL_NAMESPACE || "default";
const workflow = `${api}/api/v1/namespaces/${namespace}/workflows/${encodeURIComponent(workflowId)}`;

async function post(address, body) {
  const answer = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) {
    console.error(`Temporal answered ${answer.status}: ${content.message}`);
    process.exit(1);
  }
  return content;
}

const started = await post(workflow, {
  workflowType: { name: "MeetingWorkflow" },
  taskQueue: { name: "meetings" },
  input: [{ meeting_url: url, start_time: start }],
});
console.log(started.runId);

const { queryResult } = await post(`${workflow}/query/status`, {});
console.log(queryResult[0].status);
