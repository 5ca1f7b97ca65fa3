// The route for Fastify: plain, or protected by @fastify/jwt, with or without its cache.

import Fastify from 'fastify'
import jwt from '@fastify/jwt'

const { PEER_PROTECTION, PEER_ALGORITHM, PEER_SECRET, PEER_PUBLIC_KEY, PEER_SUBJECT, PEER_PORT } = process.env

const app = Fastify()
const body = { type: 'object', properties: { logged_in_as: { type: 'string' } } }
const schema = { response: { 200: body } }

if (PEER_PROTECTION === 'none') {
  app.get('/protected', { schema }, async () => ({ logged_in_as: PEER_SUBJECT }))
} else {
  await app.register(jwt, {
    secret: PEER_ALGORITHM === 'HS256' ? PEER_SECRET : { public: PEER_PUBLIC_KEY },
    verify: { algorithms: [PEER_ALGORITHM], cache: PEER_PROTECTION === 'cached' },
  })
  const onRequest = (request) => request.jwtVerify()
  app.get('/protected', { schema, onRequest }, async (request) => ({ logged_in_as: request.user.sub }))
}

await app.listen({ host: '127.0.0.1', port: Number(PEER_PORT) })
process.stdin.on('end', () => process.exit()).resume()
