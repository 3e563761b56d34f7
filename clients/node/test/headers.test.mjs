import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OptionError } from 'rateguard'
import { decisionOf } from '../dist/esm/decision.js'
import { limitHeaders, refusalStatus } from '../dist/esm/headers.js'
import { parseLimit, throttleArguments, windowSeconds } from '../dist/esm/limit.js'
import { cases, checkFields } from './support.mjs'

for (const { name, decision, style, site_name, limit, status, fields } of cases.headers) {
  test(`header fields: ${name}`, () => {
    const read = decisionOf(decision)
    const found = limitHeaders(read, style, site_name, windowSeconds(limit))
    checkFields(assert, Object.fromEntries(found.map(([field, value]) => [field.toLowerCase(), value])), fields)
    if (!read.allowed) assert.equal(refusalStatus(read), status)
  })
}

test('a limit is read from its text', () => {
  for (const { text, limit, window_ms, burst } of cases.limits) assert.deepEqual(parseLimit(text), { limit, windowMs: window_ms, burst }, text)
})

test('a text that is no limit is refused with the name of the option', () => {
  for (const text of cases.wrong_limits) assert.throws(() => parseLimit(text), (error) => error instanceof OptionError && error.option === 'limit', text)
})

test('the Redis protocol knows limits of whole seconds', () => {
  assert.deepEqual(throttleArguments('100/10s burst 20'), ['20', '100', '10'])
  assert.throws(() => throttleArguments('1/1500ms'), OptionError)
  assert.throws(() => throttleArguments('4294967296/s'), OptionError)
})

test('what is no decision is not taken for one', () => {
  const good = cases.headers[0].decision
  assert.ok(decisionOf(good))
  for (const wrong of [null, [], 'yes', {}, { ...good, allowed: 'true' }, { ...good, limit: -1 }, { ...good, retry_after_ms: '1' }, { ...good, rule: 7 }, { ...good, reset_after_ms: NaN }]) {
    assert.equal(decisionOf(wrong), undefined, JSON.stringify(wrong))
  }
})
