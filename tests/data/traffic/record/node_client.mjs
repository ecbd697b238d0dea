// Client on the TypeScript SDK 2.x, any revision: node node_client.mjs REVISION COMMAND [ARG...]
// It starts COMMAND (a server behind tee.py); run it in a directory that has the npm packages; see record.py.

import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { Client } = require("@modelcontextprotocol/client");
const { StdioClientTransport } = require("@modelcontextprotocol/client/stdio");

const [REVISION, command, ...args] = process.argv.slice(2);
const MODERN = REVISION >= "2026-07-28";
const README_URI = "file:///workspace/README.md";

// The SDK probes a plain StdioClientTransport's server in a second process; a subclass is probed in place.
class Transport extends StdioClientTransport {}

async function expectError(promise) {
  try {
    await promise;
  } catch {
    return;
  }
  throw new Error("the server should have refused");
}

const capabilities = { roots: { listChanged: !MODERN }, sampling: {} };
if (REVISION >= "2025-06-18") capabilities.elicitation = REVISION >= "2025-11-25" ? { form: {} } : {};
const client = new Client(
  { name: "node-client", version: "2.0.0" },
  {
    capabilities,
    supportedProtocolVersions: [REVISION],
    versionNegotiation: { mode: MODERN ? { pin: REVISION } : "legacy" },
  },
);
client.setRequestHandler("roots/list", () => ({ roots: [{ uri: "file:///workspace" }] }));
client.setRequestHandler("sampling/createMessage", async ({ params }) => {
  if (params.systemPrompt === "hang") await new Promise((resolve) => setTimeout(resolve, 500));
  return { role: "assistant", model: "tiny-2", content: { type: "text", text: "Red." } };
});
if (capabilities.elicitation) {
  client.setRequestHandler("elicitation/create", () => ({ action: "accept", content: { name: "Zoë", ok: false } }));
}

await client.connect(new Transport({ command, args }));
if (client.getNegotiatedProtocolVersion() !== REVISION) throw new Error("another revision was negotiated");

await client.listTools();
const sum = { name: "add", arguments: { a: 0.1, b: 1e21 } };
await client.callTool(sum, { onprogress: () => {} });
await client.callTool({ name: "ask" });
await expectError(client.callTool({ name: "unknown_tool" }));
if (!MODERN) {
  await client.ping();
  await client.setLoggingLevel("notice");
  await client.callTool({ name: "impatient" });
  await client.callTool({ name: "touch" });
} else {
  const meta = { "io.modelcontextprotocol/logLevel": "debug" };
  await client.callTool({ ...sum, _meta: meta });
  const subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [README_URI] });
  await client.callTool({ name: "touch" });
  await subscription.close();
}
await client.listResources();
await client.readResource({ uri: README_URI });
await expectError(client.readResource({ uri: "file:///workspace/none" }));
await client.getPrompt({ name: "trip", arguments: { city: "Wrocław" } });
if (REVISION >= "2025-03-26") {
  await client.complete({ ref: { type: "ref/prompt", name: "trip" }, argument: { name: "city", value: "" } });
}
await expectError(client.listResourceTemplates()); // not offered: no handler
await client.close();
