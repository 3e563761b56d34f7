// What the tests share: the table of cases, the services of services.py, and one small application for each framework.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as http from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { RateGuard } from 'rateguard'
import { byHeader } from 'rateguard'

export const cases = JSON.parse(readFileSync(new URL('../../cases.json', import.meta.url)))
export const address = (name) => {
  const found = process.env[name]
  if (!found) throw new Error(`${name} is not set: run the tests through clients/run`)
  return found
}
// Where npm installed the frameworks; each set of versions has its own folder.
const frameworks = createRequire(join(process.env.FRAMEWORKS ?? process.cwd(), 'package.json'))
export const framework = (name) => frameworks(name)
export const installed = (name) => {
  try {
    frameworks.resolve(name)
    return true
  } catch {
    return false
  }
}

// A machine that is busy with other tests is slow: where a deadline is not what is tested, it is this.
export const PATIENT_MS = 5000

export const urlOf = (transport, name) => `${transport}://${address(name)}`
export const realService = (transport) => urlOf(transport, transport === 'http' ? 'RATEGUARD_HTTP' : 'RATEGUARD_RESP')

/** A client of the real program, closed at the end of test `t`. */
export function client(t, options = {}) {
  const made = new RateGuard({ url: realService('http'), deadlineMs: PATIENT_MS, log: () => {}, ...options })
  t.after(() => made.close())
  return made
}

/** Text that no other run uses, so that no counter is shared. */
export const unique = () => randomBytes(8).toString('hex')

const CAMEL = { deadline_ms: 'deadlineMs', on_failure: 'onFailure', trusted_proxies: 'trustedProxies', ipv6_prefix: 'ipv6Prefix' }
const BREAKER = { breaker_failures: 'failures', breaker_pause_ms: 'pauseMs' }

/** The options of a case as this client has them. `names` of a wrong option likewise. */
export function optionsOf(given) {
  const options = {}
  for (const [name, value] of Object.entries(given)) {
    if (name === 'key_header') options.key = keyOf(value)
    else if (BREAKER[name]) options.breaker = { ...options.breaker, [BREAKER[name]]: value }
    else options[CAMEL[name] ?? name] = value
  }
  return options
}
export const optionName = (name) => (BREAKER[name] ? `breaker.${BREAKER[name]}` : (CAMEL[name] ?? name))

function keyOf(names) {
  if (!Array.isArray(names)) return byHeader(names)
  const parts = names.map((name) => byHeader(name))
  return (request, view) => parts.map((part) => part(request, view))
}

/** Replaces {run}, {ip4} in every text of `value`. */
export function filledIn(value, run) {
  const ip4 = `10.${parseInt(run.slice(0, 2), 16)}.${parseInt(run.slice(2, 4), 16)}.${parseInt(run.slice(4, 6), 16)}`
  return JSON.parse(JSON.stringify(value).replaceAll('{run}', run).replaceAll('{ip4}', ip4))
}

/** Sends one request; resolves to { status, headers, body }. */
export function send(port, { method = 'GET', path = '/', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let body = ''
      response.on('data', (chunk) => (body += chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body }))
    })
    request.on('error', reject)
    request.end()
  })
}

/** Fails unless the fields are as a case says: text, null for absent, or a pattern behind "~". */
export function checkFields(assert, headers, fields) {
  for (const [name, expected] of Object.entries(fields)) {
    const got = headers[name.toLowerCase()]
    if (expected === null) assert.equal(got, undefined, name)
    else if (expected.startsWith('~')) assert.match(got ?? '', new RegExp(expected.slice(1)), name)
    else assert.equal(got, expected, name)
  }
}

const listening = async (server) => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { port: server.address().port, close: () => new Promise((resolve) => (server.closeAllConnections?.(), server.close(resolve))) }
}

const express = (name) => async (site) => {
  const { rateLimit } = await import('rateguard/express')
  const app = framework(name)()
  app.use(rateLimit(site))
  app.use((_request, response) => response.send('handled'))
  return listening(http.createServer(app))
}

/** Applications that answer every request with "handled", behind the middleware. */
export const APPLICATIONS = {
  express4: express('express4'),
  express: express('express'),
  fastify: async (site) => {
    const { rateLimit } = await import('rateguard/fastify')
    const app = framework('fastify')()
    await app.register(rateLimit, site)
    app.all('/*', async () => 'handled')
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: app.server.address().port, close: () => app.close() }
  },
  koa: async (site) => {
    const { rateLimit } = await import('rateguard/koa')
    const Koa = framework('koa')
    const app = new (Koa.default ?? Koa)()
    app.use(rateLimit(site))
    app.use((context) => (context.body = 'handled'))
    return listening(http.createServer(app.callback()))
  },
  hono: async (site) => {
    const { rateLimit } = await import('rateguard/hono')
    const { Hono } = framework('hono')
    const { createAdaptorServer } = framework('@hono/node-server')
    const app = new Hono()
    app.use(rateLimit(site))
    app.all('*', (context) => context.text('handled'))
    return listening(createAdaptorServer(app))
  },
}
