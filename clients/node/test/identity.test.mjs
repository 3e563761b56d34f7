import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byAddress, byApiKey } from 'rateguard'
import { cases } from './support.mjs'

const view = (peer, fields) => ({ method: 'GET', path: '/', host: 'a', peer, lines: (name) => fields[name] ?? [], all: () => ({}) })

test('a caller is found behind trusted proxies as the service finds it', () => {
  for (const { peer, trusted_proxies, ipv6_prefix, x_forwarded_for, forwarded, caller } of cases.identity) {
    const find = byAddress({ trustedProxies: trusted_proxies, ipv6Prefix: ipv6_prefix })
    const fields = { 'x-forwarded-for': x_forwarded_for, forwarded }
    assert.equal(find(undefined, view(peer, fields)), caller, JSON.stringify({ peer, ...fields }).slice(0, 200))
  }
})

test('an address with a zone is that address', () => {
  assert.equal(byAddress({ ipv6Prefix: 128 })(undefined, view('fe80::1%eth0', {})), 'fe80::1')
})

test('without a peer there is no address', () => {
  assert.equal(byAddress()(undefined, view(undefined, { 'x-forwarded-for': ['192.0.2.1'] })), undefined)
})

test('an API key is X-API-Key, or else the one bearer token', () => {
  const key = byApiKey()
  assert.equal(key(undefined, view('', { 'x-api-key': ['k'], authorization: ['Bearer t'] })), 'k')
  assert.equal(key(undefined, view('', { authorization: ['bearer t'] })), 't')
  assert.equal(key(undefined, view('', { authorization: ['Bearer t', 'Bearer u'] })), undefined)
  assert.equal(key(undefined, view('', { authorization: ['Basic dTpw'] })), undefined)
})
