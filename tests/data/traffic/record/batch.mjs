// One batch there and one back, on the TypeScript SDK 2.x, revision 2025-03-26: node batch.mjs LOG
// Both peers are the SDK's Streamable HTTP transports, joined without a socket. LOG is as tee.py writes it. Run it in a
// directory that has the npm packages; see record.py.

import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { Client, StreamableHTTPClientTransport } = require("@modelcontextprotocol/client");
const { Server, WebStandardStreamableHTTPServerTransport } = require("@modelcontextprotocol/server");

const supportedProtocolVersions = ["2025-03-26"];
const server = new Server(
  { name: "batch-server", version: "2.0.0" },
  { capabilities: { prompts: {} }, supportedProtocolVersions },
);
server.setRequestHandler("prompts/list", () => ({ prompts: [{ name: "trip" }] }));
const wire = new WebStandardStreamableHTTPServerTransport({
  sessionIdGenerator: () => "session-1",
  enableJsonResponse: true,
});
await server.connect(wire);

const log = (side, body) => body && appendFileSync(process.argv[2], `${side}${body}\n`);

async function fetch(url, init) {
  if (init.method !== "POST") return new Response(null, { status: 405 });
  log("c", init.body);
  const response = await wire.handleRequest(new Request(url, init));
  const body = await response.text();
  log("s", body);
  return new Response(body || null, { status: response.status, headers: response.headers });
}

const client = new Client({ name: "batch-client", version: "2.0.0" }, { supportedProtocolVersions });
client.onerror = () => {}; // answers to requests that the client itself did not number
const transport = new StreamableHTTPClientTransport(new URL("http://localhost/mcp"), { fetch });
await client.connect(transport);
await transport.send([
  { jsonrpc: "2.0", id: "batch-1", method: "ping" },
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "none" } },
  { jsonrpc: "2.0", id: "batch-2", method: "prompts/list", params: {} },
  { jsonrpc: "2.0", id: "batch-3", method: "prompts/get", params: { name: "trip" } },
]);
await client.close();
