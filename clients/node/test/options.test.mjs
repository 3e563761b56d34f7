import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError, RateGuard } from 'rateguard'
import { rateLimit as express } from 'rateguard/express'
import { rateLimitHook } from 'rateguard/fastify'
import { rateLimit as hono } from 'rateguard/hono'
import { rateLimit as koa } from 'rateguard/koa'
import { RateGuardStore } from 'rateguard/express-rate-limit'
import { rateGuardStore } from 'rateguard/fastify-rate-limit'
import { address, cases, client, optionName, optionsOf, realService } from './support.mjs'

const naming = (option) => (error) => error instanceof OptionError && error.option === option && error.message.includes(`'${option}'`)

for (const { client: clientOptions, site, names } of cases.wrong_options) {
  test(`a wrong option is named when it is given: ${JSON.stringify({ ...clientOptions, ...site })}`, (t) => {
    if (!site) return assert.throws(() => new RateGuard(optionsOf(clientOptions)), naming(optionName(names)))
    const resp = clientOptions ? { url: realService('resp') } : {}
    const options = { client: client(t, resp), ...optionsOf(site) }
    for (const middleware of [express, rateLimitHook, hono, koa]) assert.throws(() => middleware(options), naming(optionName(names)))
  })
}

test('a misspelt option is named', (t) => {
  assert.throws(() => new RateGuard({ deadlin: 5 }), naming('deadlin'))
  assert.throws(() => express({ client: client(t), limt: '5/m' }), naming('limt'))
})

test('a middleware without a client says so', () => {
  assert.throws(() => express({ limit: '5/m' }), naming('client'))
})

test('the message of a wrong token does not tell it', () => {
  assert.throws(() => new RateGuard({ token: 'se cret' }), (error) => !error.message.includes('cret'))
})

test('a store over the Redis protocol is refused when it is made', (t) => {
  const resp = client(t, { url: realService('resp') })
  assert.throws(() => new RateGuardStore({ client: resp }), naming('limit'))
  assert.throws(() => rateGuardStore({ client: resp }), naming('limit'))
})

test('the URL says the transport', (t) => {
  assert.doesNotThrow(() => client(t, { url: `resp://${address('RATEGUARD_RESP')}` }))
})
