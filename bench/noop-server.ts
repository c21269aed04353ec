import { fastify } from 'fastify';

/** What a request costs before anything is done with it: plain Fastify, in a process of its own. */
const app = fastify();
app.get('/p/:source', async () => ({ status: 'accepted', id: '00000000-0000-7000-8000-000000000000' }));
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
process.send?.({ ready: true });
