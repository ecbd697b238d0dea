// Server on the TypeScript SDK 2.x, any revision: node node_server.mjs REVISION
// The client starts it through tee.py, in a directory that has the npm packages; see record.py.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const { ProtocolError, ProtocolErrorCode, ResourceNotFoundError, Server, inputRequired } = require(
  "@modelcontextprotocol/server",
);
const { serveStdio } = require("@modelcontextprotocol/server/stdio");

const REVISION = process.argv[2];
const MODERN = REVISION >= "2026-07-28";
const SAMPLES = JSON.parse(readFileSync(new URL("samples.json", import.meta.url), "utf8"));
const since = (revision, fields) => (revision <= REVISION ? fields : {});
const text = (value) => ({ type: "text", text: value });
const said = (value) => ({ content: [text(value)] });

const INFO = {
  name: "node-server",
  version: "2.0.0",
  ...since("2025-06-18", { title: "Node server" }),
  ...since("2025-11-25", { icons: [{ src: "data:image/png;base64,iVBORw0K", sizes: ["any"] }] }),
};
const SAMPLING = {
  messages: [{ role: "user", content: text("Name a colour.") }],
  maxTokens: 10,
  modelPreferences: { hints: [{ name: "small" }, {}], speedPriority: 1 },
};
const TOOLS = [
  { name: "add", description: "Add two numbers", inputSchema: { type: "object", required: ["a", "b"] } },
  { name: "ask", inputSchema: { type: "object" } },
  { name: "impatient", inputSchema: { type: "object" } },
  { name: "touch", inputSchema: { type: "object" } },
];
if (REVISION >= "2025-06-18") {
  TOOLS[0].outputSchema = { type: "object", properties: { sum: { type: "number" } }, required: ["sum"] };
}

const CALLS = {
  async add({ a, b }, server, ctx) {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    if (progressToken !== undefined) {
      const progress = { method: "notifications/progress", params: { progressToken, progress: 1 } };
      await ctx.mcpReq.notify(progress);
    }
    await ctx.mcpReq.log("notice", { a, b });
    return { ...said(String(a + b)), ...since("2025-06-18", { structuredContent: { sum: a + b } }) };
  },
  // The SDK turns an input-required result into requests of its own where the revision has none.
  async ask(_, server, ctx) {
    if (ctx.mcpReq.inputResponses) return said(Object.keys(ctx.mcpReq.inputResponses).sort().join(", "));
    const inputRequests = { sample: inputRequired.createMessage(SAMPLING), roots: inputRequired.listRoots() };
    if (REVISION >= "2025-06-18") {
      const requestedSchema = SAMPLES.form;
      inputRequests.form = inputRequired.elicit({ message: "Who are you?", requestedSchema });
    }
    return inputRequired({ inputRequests, requestState: "asked" });
  },
  async impatient(_, server) {
    try {
      return said((await server.createMessage({ ...SAMPLING, systemPrompt: "hang" }, { timeout: 200 })).model);
    } catch (error) {
      return { ...said(error.message), isError: true };
    }
  },
  async touch(_, server) {
    await server.sendToolListChanged();
    await server.sendResourceUpdated({ uri: SAMPLES.readmeUri });
    return { content: [] };
  },
};

function makeServer() {
  const capabilities = {
    tools: { listChanged: true },
    resources: { listChanged: false, subscribe: MODERN },
    prompts: {},
    logging: {},
    ...since("2025-03-26", { completions: {} }),
  };
  const server = new Server(INFO, { capabilities, supportedProtocolVersions: [REVISION] });
  server._requestMessageId = 1000; // so that an id alone tells which side asked
  server.setRequestHandler("tools/list", () => ({ tools: TOOLS }));
  server.setRequestHandler("tools/call", ({ params }, ctx) => {
    const call = CALLS[params.name];
    if (!call) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Tool ${params.name} not found`);
    return call(params.arguments ?? {}, server, ctx);
  });
  server.setRequestHandler("resources/list", () => ({
    resources: [{ uri: SAMPLES.readmeUri, name: "readme", _meta: { "example.com/empty": null } }],
  }));
  server.setRequestHandler("resources/read", ({ params }) => {
    if (params.uri !== SAMPLES.readmeUri) throw new ResourceNotFoundError(params.uri);
    return { contents: [{ uri: params.uri, text: SAMPLES.trickyText }] };
  });
  server.setRequestHandler("prompts/get", () => ({ messages: [{ role: "user", content: text("Go!") }] }));
  if (capabilities.completions) {
    server.setRequestHandler("completion/complete", () => ({ completion: { values: [], hasMore: true } }));
  }
  return server;
}

serveStdio(makeServer);
