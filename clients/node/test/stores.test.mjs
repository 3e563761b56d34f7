import assert from 'node:assert/strict'
import * as http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { RateGuardStore } from 'rateguard/express-rate-limit'
import { rateGuardStore } from 'rateguard/fastify-rate-limit'
import { client, framework, installed, send, unique, urlOf } from './support.mjs'

const away = (t, said = []) => client(t, { url: urlOf('http', 'STAND_IN_AWAY'), log: (message) => said.push(message) })

describe('the store for express-rate-limit', { skip: !installed('express-rate-limit') && 'not installed' }, () => {
  const store = (t, options = {}) => {
    const made = new RateGuardStore({ client: client(t), prefix: `${unique()}:`, ...options })
    made.init({ windowMs: 60_000 })
    return made
  }
  const application = async (t, options) => {
    const { rateLimit } = framework('express-rate-limit')
    const app = framework('express')()
    app.use(rateLimit({ windowMs: 60_000, limit: 2, standardHeaders: 'draft-7', legacyHeaders: false, keyGenerator: () => 'me', ...options }))
    app.use((_request, response) => response.send('handled'))
    const server = http.createServer(app)
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    return server.address().port
  }

  test('hits are counted beyond any limit, in a window that begins with the first', async (t) => {
    const hits = store(t)
    const began = Date.now()
    for (let hit = 1; hit <= 5; hit++) assert.equal((await hits.increment('a')).totalHits, hit)
    const { totalHits, resetTime } = await hits.get('a')
    assert.equal(totalHits, 5)
    assert.ok(Math.abs(resetTime - began - 60_000) < 5000, String(resetTime))
    assert.equal((await hits.increment('b')).totalHits, 1)
  })

  test('a key without hits is unknown', async (t) => {
    assert.equal(await store(t).get('a'), undefined)
  })

  test('a hit taken back is one less, and never fewer than none', async (t) => {
    const hits = store(t)
    await hits.increment('a')
    for (let times = 0; times < 3; times++) await hits.decrement('a')
    assert.equal((await hits.increment('a')).totalHits, 1)
  })

  test('a hit taken back after the end of its window does not lower the next one', async (t) => {
    const hits = store(t)
    hits.init({ windowMs: 200 })
    await hits.increment('a')
    await sleep(400)
    await hits.decrement('a')
    assert.equal((await hits.increment('a')).totalHits, 1)
  })

  test('a reset key begins again', async (t) => {
    const hits = store(t)
    for (let hit = 1; hit <= 3; hit++) await hits.increment('a')
    await hits.resetKey('a')
    assert.equal(await hits.get('a'), undefined)
    assert.equal((await hits.increment('a')).totalHits, 1)
  })

  test('stores of two prefixes count apart, and two stores of one prefix together', async (t) => {
    const prefix = unique()
    await store(t, { prefix }).increment('a')
    assert.equal((await store(t, { prefix }).increment('a')).totalHits, 2)
    assert.equal((await store(t, { prefix: `${prefix}2` }).increment('a')).totalHits, 1)
  })

  test('the limiter refuses by it', async (t) => {
    const port = await application(t, { store: new RateGuardStore({ client: client(t), prefix: unique() }) })
    const statuses = []
    for (let asked = 0; asked < 3; asked++) statuses.push((await send(port)).status)
    assert.deepEqual(statuses, [200, 200, 429])
    const refused = await send(port)
    assert.match(refused.headers['ratelimit'], /remaining=0, reset=\d+/)
    assert.match(refused.headers['retry-after'], /^\d+$/)
  })

  for (const [onFailure, status] of [['open', 200], ['closed', 429]]) {
    test(`while the service is away, ${onFailure} gives ${status}, and it is told once`, async (t) => {
      const said = []
      const guard = away(t, said)
      const port = await application(t, { store: new RateGuardStore({ client: guard, onFailure }) })
      for (let asked = 0; asked < 4; asked++) assert.equal((await send(port)).status, status)
      assert.equal(said.length, 1)
      assert.equal(onFailure === 'open' ? guard.stats.failedOpen : guard.stats.failedClosed, 4)
    })
  }
})

describe('the store for @fastify/rate-limit', { skip: !installed('@fastify/rate-limit') && 'not installed' }, () => {
  const application = async (t, options, route = {}) => {
    const app = framework('fastify')()
    await app.register(framework('@fastify/rate-limit'), { max: 2, timeWindow: 60_000, ...options })
    app.get('/', route, async () => 'handled')
    app.get('/other', async () => 'handled')
    t.after(() => app.close())
    return app
  }

  test('the plugin refuses by it', async (t) => {
    const app = await application(t, { store: rateGuardStore({ client: client(t), prefix: unique() }) })
    const answers = []
    for (let asked = 0; asked < 3; asked++) answers.push(await app.inject('/'))
    assert.deepEqual(answers.map(({ statusCode }) => statusCode), [200, 200, 429])
    assert.equal(answers[1].headers['x-ratelimit-remaining'], '0')
    assert.match(answers[2].headers['retry-after'], /^\d+$/)
  })

  test('a route with a limit of its own counts for itself', async (t) => {
    const app = await application(t, { store: rateGuardStore({ client: client(t), prefix: unique() }) }, { config: { rateLimit: { max: 1, timeWindow: 60_000 } } })
    assert.equal((await app.inject('/')).statusCode, 200)
    assert.equal((await app.inject('/')).statusCode, 429)
    assert.equal((await app.inject('/other')).statusCode, 200)
  })

  test('an option that it cannot serve is named when the plugin is registered', async (t) => {
    for (const name of ['continueExceeding', 'exponentialBackoff']) {
      await assert.rejects(application(t, { store: rateGuardStore({ client: client(t) }), [name]: true }), new RegExp(name))
    }
  })

  for (const [onFailure, status] of [['open', 200], ['closed', 429]]) {
    test(`while the service is away, ${onFailure} gives ${status}`, async (t) => {
      const app = await application(t, { store: rateGuardStore({ client: away(t), onFailure }) })
      for (let asked = 0; asked < 4; asked++) assert.equal((await app.inject('/')).statusCode, status)
    })
  }
})
