// oidc-provider: `authorization_server.mjs MODULE PORT RESOURCE jwt|opaque` says "ready" when it listens.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [module, port, resource, format] = process.argv.slice(2);
const { default: Provider, errors } = await import(pathToFileURL(module));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  scopes: ['openid', 'offline_access', 'files:read', 'files:write'],
  clients: [
    {
      client_id: 'resource-server',
      client_secret: 'only-for-tests',
      redirect_uris: [],
      grant_types: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  cookies: { keys: ['only-for-tests'] },
  features: {
    devInteractions: { enabled: true },
    registration: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, indicator) => {
        if (indicator !== resource) throw new errors.InvalidTarget();
        return { scope: 'files:read files:write', audience: resource, accessTokenTTL: 300, accessTokenFormat: format };
      },
    },
  },
  // mcp 2.3.0 registers with the scopes that it needs first, and asks for others later.
  extraClientMetadata: { properties: ['any_scope'], validator: (_, key, value, metadata) => delete metadata.scope },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
});
provider.on('server_error', (_, error) => console.error(error));
createServer(provider.callback()).listen(Number(port), '127.0.0.1', () => console.log('ready'));
