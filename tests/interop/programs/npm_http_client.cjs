// A client written with @modelcontextprotocol/client: `npm_http_client.cjs MODE URL FILE`, where FILE is what the
// server's stderr goes to, prints a JSON line for each thing it saw.
'use strict';
const { readFile } = require('node:fs/promises');
const { setTimeout: sleep } = require('node:timers/promises');
const { Client, StreamableHTTPClientTransport } = require('@modelcontextprotocol/client');

const [mode, url, file] = process.argv.slice(2);
const MODERN = '2026-07-28';
const LOGGED = { 'io.modelcontextprotocol/logLevel': 'info' };
const saw = (what, value) => console.log(JSON.stringify({ [what]: value }));
const text = (result) => result.content.map((block) => block.text).join('\n');
const onprogress = ({ progress, total, message }) => saw('progress', [progress, total ?? null, message ?? null]);

const options = {
    capabilities: { sampling: {}, elicitation: { form: {} }, roots: {} },
    versionNegotiation: { mode: mode === MODERN ? { pin: MODERN } : mode },
};
const client = new Client({ name: 'npm', version: '2.4.0' }, options);
const changes = [];
client.setRequestHandler('sampling/createMessage', ({ params }) => {
    saw('sampling', [params.maxTokens, params.systemPrompt]);
    return { role: 'assistant', content: { type: 'text', text: 'because' }, model: 'oracle', stopReason: 'endTurn' };
});
client.setRequestHandler('elicitation/create', ({ params }) => {
    saw('elicitation', [params.message, params.requestedSchema.required]);
    return { action: 'accept', content: { size: 'large', spicy: true } };
});
client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///data/ada', name: 'home' }] }));
client.setNotificationHandler('notifications/message', ({ params }) => saw('log', [params.level, params.data]));
for (const what of ['tools/list_changed', 'resources/updated']) {
    client.setNotificationHandler(`notifications/${what}`, ({ method }) => changes.push(method));
}

async function until(holds) {
    const end = Date.now() + 10_000;
    while (!(await holds())) {
        if (Date.now() > end) throw new Error(`never: ${holds}`);
        await sleep(10);
    }
}

const stderrSays = (word) => until(async () => (await readFile(file, 'utf-8')).includes(word));

async function codeOf(promise) {
    try {
        await promise;
    } catch (error) {
        return error.code;
    }
    throw new Error('an error was expected');
}

async function lists() {
    const kinds = { tools: 'Tools', resources: 'Resources', resourceTemplates: 'ResourceTemplates', prompts: 'Prompts' };
    for (const [items, name] of Object.entries(kinds)) {
        const names = [];
        let page = await client[`list${name}`]({ cursor: undefined });
        let pages = 1;
        names.push(...page[items].map((item) => item.name));
        while (page.nextCursor !== undefined) {
            page = await client[`list${name}`]({ cursor: page.nextCursor });
            names.push(...page[items].map((item) => item.name));
            pages += 1;
        }
        saw(items === 'resourceTemplates' ? 'resource_templates' : items, [pages, names]);
    }
}

const call = (name, args = {}, more = {}) => client.callTool({ name, arguments: args, _meta: LOGGED }, more);

async function tools() {
    saw('add', (await call('add', { terms: [1, 2, 3] })).structuredContent);
    saw('wrong', (await call('add', { terms: 'many' })).isError);
    saw('count', text(await call('count', { to: 3 }, { onprogress })));
    saw('work', text(await call('work', { steps: 2 }, { onprogress })));
    for (const name of ['think', 'where', 'ask', 'interview']) saw(name, text(await call(name)));
    for (const name of ['fail', 'crash']) {
        const failed = await call(name);
        saw(name, [failed.isError, text(failed)]);
    }
    saw('text', text(await call('text', { size: 2_000_000 })).length);
    const [picture] = (await call('picture')).content;
    saw('picture', [picture.type, picture.mimeType]);
    saw('no tool', await codeOf(call('nothing')));
    const patience = new AbortController();
    const hanging = call('hang', {}, { signal: patience.signal }).catch(() => {});
    await stderrSays('hanging');
    patience.abort();
    await hanging;
    await stderrSays('stopped');
    saw('cancelled', true);
}

async function rest() {
    for (const uri of ['ours://motd', 'ours://greeting/Ada']) {
        saw(uri, (await client.readResource({ uri })).contents[0].text);
    }
    saw('ours://bytes', (await client.readResource({ uri: 'ours://bytes' })).contents[0].blob.length);
    saw('no resource', await codeOf(client.readResource({ uri: 'ours://nothing' })));
    const said = await client.getPrompt({ name: 'haggle', arguments: { item: 'gourd' } });
    saw('haggle', said.messages.map(({ role, content }) => [role, content.text]));
    saw('no argument', await codeOf(client.getPrompt({ name: 'haggle', arguments: {} })));
    const argument = { value: 'a' };
    const prompt = { type: 'ref/prompt', name: 'haggle' };
    const template = { type: 'ref/resource', uri: 'ours://greeting/{name}' };
    for (const [ref, name] of [[prompt, 'item'], [template, 'name']]) {
        saw('completion', (await client.complete({ ref, argument: { ...argument, name } })).completion.values);
    }
}

async function changing() {
    const modern = client.getProtocolEra() === 'modern';
    const uri = 'ours://motd';
    let subscription;
    if (modern) {
        subscription = await client.listen({ toolsListChanged: true, resourceSubscriptions: [uri] });
    } else {
        await client.ping();
        await client.subscribeResource({ uri });
    }
    await call('change');
    await until(() => changes.length === 2);
    saw('changes', changes.sort());
    await (modern ? subscription.close() : client.unsubscribeResource({ uri }));
}

async function main() {
    const transport = new StreamableHTTPClientTransport(new URL(url));
    await client.connect(transport);
    const name = client.getServerVersion()?.name ?? null;
    saw('server', [client.getNegotiatedProtocolVersion(), name, client.getInstructions() ?? null]);
    if (client.getProtocolEra() === 'legacy') await client.setLoggingLevel('info');
    for (const part of [lists, tools, rest, changing]) await part();
    if (client.getProtocolEra() === 'legacy') await transport.terminateSession();
    await client.close();
    saw('closed', true);
}

main().catch((error) => {
    console.error(error);
    process.exitCode = 1;
});
