// A server written with @modelcontextprotocol/server, over HTTP in both eras: `npm_http_server.cjs PORT`.
'use strict';
const { randomUUID } = require('node:crypto');
const { createServer } = require('node:http');
const { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } = require('@modelcontextprotocol/node');
const sdk = require('@modelcontextprotocol/server');
const { z } = require('zod');

const text = (said) => ({ content: [{ type: 'text', text: said }] });
const say = (word) => process.stderr.write(`${word}\n`);
const ORDER = z.object({ size: z.string(), spicy: z.boolean().optional() });
const NAMES = ['ada', 'alan', 'grace'];
const known = (value) => NAMES.filter((name) => name.startsWith(value));

async function count({ to }, ctx) {
    const { notify, log, _meta } = ctx.mcpReq;
    for (let number = 1; number <= to; number += 1) {
        if (_meta?.progressToken !== undefined) {
            const params = { progressToken: _meta.progressToken, progress: number, total: to, message: `at ${number}` };
            await notify({ method: 'notifications/progress', params });
        }
        await log('info', `counted ${number}`);
    }
    return text(`counted to ${to}`);
}

function ask(ctx) {
    const order = sdk.acceptedContent(ctx.mcpReq.inputResponses, 'order', ORDER);
    if (order === undefined) {
        const question = sdk.inputRequired.elicit({ message: 'What would you like?', requestedSchema: ORDER });
        return sdk.inputRequired({ inputRequests: { order: question } });
    }
    return text(`${order.size}, ${order.spicy ? 'spicy' : 'mild'}`);
}

function think(ctx) {
    const thought = ctx.mcpReq.inputResponses?.thought;
    if (thought === undefined) {
        const messages = [{ role: 'user', content: { type: 'text', text: 'Why?' } }];
        const question = sdk.inputRequired.createMessage({ messages, maxTokens: 7, systemPrompt: 'Be brief.' });
        return sdk.inputRequired({ inputRequests: { thought: question } });
    }
    return text(`${thought.model} says ${thought.content.text}`);
}

function where(ctx) {
    const folders = ctx.mcpReq.inputResponses?.folders;
    if (folders === undefined) {
        return sdk.inputRequired({ inputRequests: { folders: sdk.inputRequired.listRoots() } });
    }
    return text(folders.roots.map((root) => root.uri).join('\n'));
}

function hang(ctx) {
    say('hanging');
    return new Promise((resolve) => {
        ctx.mcpReq.signal.addEventListener('abort', () => {
            say('stopped');
            resolve(text('stopped'));
        });
    });
}

function tools(server, era) {
    const SUM = z.object({ total: z.number(), terms: z.array(z.number()) });
    const terms = z.object({ terms: z.array(z.number()) });
    server.registerTool('add', { inputSchema: terms, outputSchema: SUM }, ({ terms }) => {
        const sum = { total: terms.reduce((a, b) => a + b, 0), terms };
        return { ...text(JSON.stringify(sum)), structuredContent: sum };
    });
    server.registerTool('count', { inputSchema: z.object({ to: z.number() }) }, count);
    server.registerTool('ask', {}, ask);
    server.registerTool('think', {}, think);
    server.registerTool('where', {}, where);
    server.registerTool('fail', {}, () => ({ ...text('out of cheese'), isError: true }));
    server.registerTool('hang', {}, hang);
    server.registerTool('text', { inputSchema: z.object({ size: z.number() }) }, ({ size }) => text('é'.repeat(size)));
    server.registerTool('change', {}, async () => {
        if (era === 'modern') {
            modern.notify.toolsChanged();
            modern.notify.resourceUpdated('peer://motd');
        } else {
            server.sendToolListChanged();
            await server.server.sendResourceUpdated({ uri: 'peer://motd' });
        }
        return text('changed');
    });
}

function documents(server) {
    const one = (uri, content) => ({ contents: [{ uri: uri.href, ...content }] });
    server.registerResource('motd', 'peer://motd', { mimeType: 'text/plain' }, (uri) =>
        one(uri, { text: 'hello', mimeType: 'text/plain' }),
    );
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, number) => number)).toString('base64');
    server.registerResource('bytes', 'peer://bytes', { mimeType: 'application/octet-stream' }, (uri) =>
        one(uri, { blob: bytes, mimeType: 'application/octet-stream' }),
    );
    const template = new sdk.ResourceTemplate('peer://greeting/{name}', { list: undefined, complete: { name: known } });
    server.registerResource('greeting', template, {}, (uri, { name }) => one(uri, { text: `hello, ${name}` }));
    const args = z.object({ item: z.string(), price: z.string().optional() });
    server.registerPrompt('haggle', { argsSchema: args }, ({ item, price = '5' }) => ({
        messages: [
            { role: 'user', content: { type: 'text', text: `${price} for the ${item}?` } },
            { role: 'assistant', content: { type: 'text', text: 'Never!' } },
        ],
    }));
}

function make({ era }) {
    const capabilities = { logging: {}, resources: { subscribe: true, listChanged: true }, tools: { listChanged: true } };
    const server = new sdk.McpServer({ name: 'peer', version: '2.4.0' }, { capabilities, instructions: 'Ask away.' });
    tools(server, era);
    documents(server);
    server.server.setRequestHandler('resources/subscribe', () => ({}));
    server.server.setRequestHandler('resources/unsubscribe', () => ({}));
    return server;
}

const modern = sdk.createMcpHandler(make, { legacy: 'reject' });
const answerModern = toNodeHandler(modern);
const sessions = new Map();

async function answerLegacy(request, response, body) {
    const id = request.headers['mcp-session-id'];
    let transport = sessions.get(id);
    if (id !== undefined && transport === undefined) {
        response.writeHead(404).end();
        return;
    }
    if (transport === undefined) {
        transport = new NodeStreamableHTTPServerTransport({
            sessionIdGenerator: randomUUID,
            onsessioninitialized: (made) => sessions.set(made, transport),
            onsessionclosed: (gone) => sessions.delete(gone),
        });
        await make({ era: 'legacy' }).connect(transport);
    }
    await transport.handleRequest(request, response, body);
}

async function bodyOf(request) {
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    return pieces.length === 0 ? undefined : JSON.parse(Buffer.concat(pieces).toString());
}

createServer(async (request, response) => {
    const body = await bodyOf(request);
    const legacy = await sdk.isLegacyRequest(await toWebRequest(request, body), body);
    await (legacy ? answerLegacy : answerModern)(request, response, body);
}).listen(Number(process.argv[2]), '127.0.0.1');
