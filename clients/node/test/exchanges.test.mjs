// The table of cases, through each framework, against the real program and the stand-ins.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { APPLICATIONS, PATIENT_MS, cases, checkFields, client, filledIn, framework, installed, optionsOf, realService, send, unique, urlOf } from './support.mjs'

const needs = { express4: 'express4', express: 'express', fastify: 'fastify', koa: 'koa', hono: 'hono' }

for (const [name, application] of Object.entries(APPLICATIONS)) {
  describe(name, { skip: !installed(needs[name]) && 'not installed' }, () => {
    for (const exchange of cases.exchanges) {
      for (const transport of exchange.transports) {
        test(`${exchange.name} (${transport})`, (t) => converse(t, application, exchange, transport))
      }
    }
    for (const failure of cases.failures) {
      test(`${failure.stand_in} (${failure.transport}), ${failure.on_failure}: ${failure.status}, told once`, (t) => fail(t, application, failure))
    }
  })
}

async function converse(t, application, exchange, transport) {
  const { site, requests } = filledIn(exchange, unique())
  const guard = client(t, { url: realService(transport) })
  const app = await application({ client: guard, ...optionsOf(site) })
  t.after(app.close)
  for (const [index, request] of requests.entries()) {
    const answer = await send(app.port, request)
    assert.equal(answer.status, request.status, `request ${index + 1}: ${answer.body}`)
    checkFields(assert, answer.headers, request.fields)
    if (answer.status === 200) assert.equal(answer.body, 'handled')
    // Given back after the answer has gone: a little later than it.
    if (exchange.settle) await sleep(50)
  }
  if (exchange.failure) assert.equal(guard.stats.failures[exchange.failure], requests.length)
  else assert.equal(guard.stats.failedOpen + guard.stats.failedClosed, 0)
}

async function fail(t, application, { stand_in, transport, on_failure, failure, status, fields }) {
  const said = []
  const where = stand_in === 'LOCKED' ? `RATEGUARD_LOCKED_${transport.toUpperCase()}` : `STAND_IN_${stand_in}`
  const deadlineMs = failure === 'deadline' ? 20 : PATIENT_MS
  const guard = client(t, { url: urlOf(transport, where), deadlineMs, breaker: { failures: 2, pauseMs: 60_000 }, log: (message) => said.push(message) })
  const app = await application({ client: guard, limit: '5/m', onFailure: on_failure })
  t.after(app.close)
  for (let asked = 0; asked < 4; asked++) {
    const answer = await send(app.port)
    assert.equal(answer.status, status)
    assert.equal(answer.body === 'handled', status === 200)
    checkFields(assert, answer.headers, fields)
  }
  // A service that costs time or is away is left alone after two; one that answers at once is asked again.
  const paused = ['unreachable', 'deadline', 'nonsense'].includes(failure) ? 2 : 0
  assert.equal(guard.stats.failures[failure], 4 - paused, JSON.stringify(guard.stats))
  assert.equal(guard.stats.failures.paused, paused)
  assert.equal(on_failure === 'open' ? guard.stats.failedOpen : guard.stats.failedClosed, 4)
  assert.equal(said.length, 1, said.join('\n'))
  assert.ok(said[0].includes(new URL(urlOf(transport, where)).host), said[0])
}

describe('express', () => {
  test('a function of the options that throws is a failure, not an exception', async (t) => {
    const said = []
    const guard = client(t, { log: (message) => said.push(message) })
    for (const option of ['key', 'plan', 'cost', 'skip']) {
      const wrong = { [option]: () => { throw new Error(`no ${option}`) } }
      const app = await APPLICATIONS.express({ client: guard, rule: 'users', key: () => unique(), ...wrong })
      t.after(app.close)
      assert.equal((await send(app.port)).status, 200)
    }
    assert.equal(guard.stats.failures.caller, 4)
    assert.equal(said.length, 4)
  })

  test('the path is that of the whole application below a router', async (t) => {
    const { rateLimit } = await import('rateguard/express')
    const express = framework('express')
    const app = express()
    const router = express.Router()
    router.use(rateLimit({ client: client(t), headers: 'legacy' }))
    router.get('/7', (_request, response) => response.send('handled'))
    app.use('/users', router)
    const server = app.listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    t.after(() => server.close())
    const answer = await send(server.address().port, { path: '/users/7', headers: { 'X-User': unique() } })
    assert.equal(answer.headers['x-ratelimit-remaining'], '2')
  })

  test('onRefused answers in place of the problem document', async (t) => {
    const app = await APPLICATIONS.express({ client: client(t), limit: '1/h', key: () => 'me', name: unique(), onRefused: (decision, _request, response) => response.end(`wait ${decision.retryAfterMs > 0}`) })
    t.after(app.close)
    await send(app.port)
    const refused = await send(app.port)
    assert.equal(refused.status, 429)
    assert.equal(refused.body, 'wait true')
  })

  test('what is skipped is not counted', async (t) => {
    const guard = client(t)
    const app = await APPLICATIONS.express({ client: guard, limit: '1/h', name: unique(), skip: (request) => request.url === '/health' })
    t.after(app.close)
    for (let asked = 0; asked < 3; asked++) assert.equal((await send(app.port, { path: '/health' })).status, 200)
    assert.equal(guard.stats.asked, 0)
  })
})
