// What users write, as the compiler sees it: compiled by clients/run against the frameworks' own types, never run.
import express from 'express'
import { rateLimit as expressRateLimit } from 'express-rate-limit'
import Fastify from 'fastify'
import { Hono } from 'hono'
import Koa from 'koa'
import { RateGuard, byAddress, byHeader, type Decision } from 'rateguard'
import { rateLimit } from 'rateguard/express'
import { RateGuardStore } from 'rateguard/express-rate-limit'
import { rateLimit as fastifyPlugin, rateLimitHook } from 'rateguard/fastify'
import { rateLimit as honoRateLimit } from 'rateguard/hono'
import { rateLimit as koaRateLimit } from 'rateguard/koa'

const client = new RateGuard({ url: 'resp://127.0.0.1:6380', deadlineMs: 5, onFailure: 'closed', breaker: { failures: 3 } })

const app = express()
app.use(rateLimit({ client, limit: '100/m', key: byHeader('X-User') }))
app.use(rateLimit({ client, rule: 'login', key: (request: express.Request) => request.ip, onRefused: (decision, _request, response) => response.end(String(decision.retryAfterMs)) }))
app.use(expressRateLimit({ windowMs: 60_000, limit: 100, store: new RateGuardStore({ client }) }))

const fastify = Fastify()
fastify.register(fastifyPlugin, { client, limit: '100/m' })
fastify.get('/', { onRequest: rateLimitHook({ client, limit: '5/m', key: byAddress() }) }, async () => 'hello')

const hono = new Hono()
hono.use(honoRateLimit({ client, rule: 'login', key: byAddress({ trustedProxies: ['10.0.0.0/8'] }) }))

const koa = new Koa()
koa.use(koaRateLimit({ client, limit: { algorithm: 'sliding_window_log', limit: 5, window: '1m' } }))

export const decision: Promise<Decision> = client.check({ key: 'user:123', limit: '10/s' })

// @ts-expect-error: a misspelt option
new RateGuard({ deadlin: 5 })
// @ts-expect-error: a choice that there is not
rateLimit({ client, limit: '5/m', onFailure: 'maybe' })
