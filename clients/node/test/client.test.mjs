import assert from 'node:assert/strict'
import * as net from 'node:net'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { RateGuard } from 'rateguard'
import { Breaker } from '../dist/esm/breaker.js'
import { Notices } from '../dist/esm/notices.js'
import { ProtocolError, ReplyError, ReplyParser } from '../dist/esm/resp_parser.js'
import { address, client, realService, unique, urlOf } from './support.mjs'

for (const transport of ['http', 'resp']) {
  test(`a thousand questions at once are answered each for itself (${transport})`, async (t) => {
    const guard = client(t, { url: realService(transport) })
    const run = unique()
    const asked = Array.from({ length: 1000 }, (_, index) => guard.check({ key: `${run}-${index % 10}`, limit: '60/h' }))
    const decisions = await Promise.all(asked)
    assert.equal(decisions.filter(({ allowed }) => allowed).length, 600)
    assert.deepEqual(guard.stats.allowed, 600)
    assert.deepEqual(guard.stats.refused, 400)
  })

  test(`both transports count by the same counter (${transport} first)`, async (t) => {
    const first = client(t, { url: realService(transport) })
    const second = client(t, { url: realService(transport === 'http' ? 'resp' : 'http') })
    const question = { key: unique(), limit: '10/h burst 3' }
    assert.equal((await first.check(question)).remaining, 2)
    assert.equal((await second.check(question)).remaining, 1)
  })

  test(`a rule by plan and a hold (${transport})`, async (t) => {
    const guard = client(t, { url: realService(transport) })
    const key = unique()
    assert.equal((await guard.check({ rule: 'plans', key, plan: 'free' })).limit, 1)
    assert.equal((await guard.check({ rule: 'plans', key, plan: 'pro' })).limit, null)
    const held = await guard.check({ rule: 'slots', key })
    assert.match(held.hold, /^[0-9a-f]{40}$/)
    assert.equal((await guard.check({ rule: 'slots', key })).allowed, false)
    assert.equal(await guard.release(held.hold), true)
    assert.equal((await guard.check({ rule: 'slots', key })).allowed, true)
  })

  test(`a cost below zero gives back, and 0 looks (${transport})`, async (t) => {
    const guard = client(t, { url: realService(transport) })
    const question = { rule: 'users', key: unique() }
    await guard.check({ ...question, cost: 3 })
    assert.equal((await guard.check({ ...question, cost: 0 })).remaining, 0)
    assert.equal((await guard.check({ ...question, cost: -1 })).remaining, 1)
  })

  test(`a token is shown, and a wrong one is told of (${transport})`, async (t) => {
    const url = urlOf(transport, `RATEGUARD_LOCKED_${transport.toUpperCase()}`)
    const right = client(t, { url, token: 'let-me-in' })
    assert.equal((await right.check({ key: unique(), limit: '5/m' })).failure, undefined)
    const said = []
    const wrong = client(t, { url, token: 'guess', log: (message) => said.push(message) })
    assert.equal((await wrong.check({ key: unique(), limit: '5/m' })).failure, 'unauthorized')
    assert.match(said[0], /token/)
    assert.doesNotMatch(said[0], /guess/)
  })

  test(`ready() says whether the service answers (${transport})`, async (t) => {
    assert.equal(await client(t, { url: realService(transport) }).ready(5000), true)
    assert.equal(await client(t, { url: urlOf(transport, 'STAND_IN_AWAY') }).ready(200), false)
  })

  test(`a service that comes back is used again, and the log says so (${transport})`, async (t) => {
    const said = []
    const relay = await startRelay(t, address(transport === 'http' ? 'RATEGUARD_HTTP' : 'RATEGUARD_RESP'))
    const guard = client(t, { url: `${transport}://127.0.0.1:${relay.port}`, breaker: { failures: 1, pauseMs: 1 }, log: (message) => said.push(message) })
    const question = { key: unique(), limit: '100/h' }
    assert.equal((await guard.check(question)).failure, undefined)
    relay.cut()
    assert.equal((await guard.check(question)).failure, 'unreachable')
    await sleep(5)
    relay.mend()
    await sleep(5)
    assert.equal((await guard.check(question)).failure, undefined)
    assert.equal(said.length, 2)
    assert.match(said[1], /answers again; 1 requests/)
  })
}

test('a question that the service calls wrong is refused, whatever onFailure says', async (t) => {
  const guard = client(t, { onFailure: 'open' })
  const decision = await guard.check({ key: 'a', limit: { algorithm: 'gcra', limit: 0, window: 1 } })
  assert.equal(decision.failure, 'question')
  assert.equal(decision.allowed, false)
})

test('facts that the service cannot take do not let the request pass', async (t) => {
  const guard = client(t)
  const headers = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, 'a']))
  assert.equal((await guard.check({ facts: { path: '/users/1', headers } })).allowed, false)
})

test('a busy event loop does not lose an answer that is there', async (t) => {
  const guard = client(t, { url: realService('resp'), deadlineMs: 20 })
  await guard.ready(5000)
  const asked = guard.check({ key: unique(), limit: '5/m' })
  await sleep(1) // it is sent
  const until = performance.now() + 100
  while (performance.now() < until);
  assert.equal((await asked).failure, undefined)
})

test('require() gives the same client', () => {
  const required = createRequire(import.meta.url)('rateguard')
  assert.deepEqual(Object.keys(required).filter((name) => name !== '__esModule').sort(), ['OptionError', 'RateGuard', 'byAddress', 'byApiKey', 'byHeader', 'limitHeaders'])
  assert.throws(() => new required.RateGuard({ url: 'x' }), /url/)
})

test('the breaker lets one question try after each pause', () => {
  const breaker = new Breaker(2, 100)
  breaker.failed(0)
  assert.equal(breaker.admits(0), true)
  breaker.failed(0)
  assert.equal(breaker.admits(99), false)
  assert.equal(breaker.admits(100), true)
  assert.equal(breaker.admits(100), false, 'one is trying')
  breaker.failed(100)
  assert.equal(breaker.admits(199), false)
  assert.equal(breaker.admits(200), true)
  breaker.succeeded()
  assert.equal(breaker.admits(200) && breaker.admits(200), true)
})

test('outages within a minute are told of once', () => {
  const said = []
  const notices = new Notices((message) => said.push(message), 'x')
  for (const now of [0, 1000, 59_999]) {
    notices.failed('deadline', 'late', 'pass', now)
    notices.failed('paused', '', 'pass', now)
    notices.answered()
  }
  assert.equal(said.length, 2, said.join('\n'))
  notices.failed('deadline', 'late', 'pass', 60_000)
  assert.equal(said.length, 3)
})

test('a log that throws does not fail the request', async (t) => {
  const guard = client(t, { url: urlOf('http', 'STAND_IN_AWAY'), log: () => { throw new Error('disk full') } })
  assert.equal((await guard.check({ key: 'a', limit: '5/m' })).allowed, true)
})

test('replies are read however they are cut', () => {
  const bytes = Buffer.from('+PONG\r\n:-7\r\n$2\r\nhi\r\n$-1\r\n-ERR no\r\n*3\r\n:1\r\n*1\r\n$1\r\nx\r\n*-1\r\n*0\r\n')
  for (let size = 1; size <= bytes.length; size++) {
    const parser = new ReplyParser()
    const replies = []
    for (let at = 0; at < bytes.length; at += size) replies.push(...parser.feed(bytes.subarray(at, at + size)))
    assert.deepEqual(replies, ['PONG', -7, 'hi', null, new ReplyError('ERR no'), [1, ['x'], null], []], `${size} bytes at a time`)
  }
})

test('what is not the Redis protocol is found out', () => {
  for (const text of ['HTTP/1.1 400 Bad Request\r\n', 'hello', `+${'x'.repeat(5000)}`, ':1.5\r\n', '$99999999\r\n', '*1000\r\n', '*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n', '$-2\r\n']) {
    assert.throws(() => new ReplyParser().feed(Buffer.from(text)), ProtocolError, text.slice(0, 20))
  }
})

test('a program that only has a client ends by itself', async () => {
  const { spawnSync } = await import('node:child_process')
  for (const url of [realService('http'), realService('resp'), urlOf('resp', 'STAND_IN_SLOW'), urlOf('http', 'STAND_IN_SLOW')]) {
    const script = `import { RateGuard } from 'rateguard'; const guard = new RateGuard({ url: '${url}', log: () => {} }); await guard.check({ key: 'a', limit: '5/m' })`
    const run = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { cwd: new URL('.', import.meta.url).pathname, timeout: 20_000 })
    assert.equal(run.status, 0, `${url}: ${run.stderr}`)
  }
})

/** A relay to `target` on a port of its own, which can be cut and mended. */
async function startRelay(t, target) {
  const [host, port] = target.split(':')
  const sockets = new Set()
  const serve = (socket) => {
    const upstream = net.connect({ host, port: Number(port) })
    for (const end of [socket, upstream]) sockets.add(end), end.on('error', () => {})
    socket.pipe(upstream).pipe(socket)
  }
  let server = net.createServer(serve)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const own = server.address().port
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  t.after(cut)
  const mend = () => {
    server = net.createServer(serve)
    server.listen(own, '127.0.0.1')
  }
  return { port: own, cut, mend }
}
