// Runs the test suite that @fastify/rate-limit publishes with its stores replaced by ours: foreign_suite.mjs FRAMEWORKS
//
// Its files are copied beside the installed packages; store/RedisStore.js and store/LocalStore.js become ours, and ioredis a stub
// whose flushall() begins new counters. Where a test moves a mocked clock it waits instead, since the service has a clock of its
// own. Left out, by name, is what looks into Redis itself, prolongs windows after refusals (which our store refuses to do), waits
// for a minute, or expects a rest of the window to the millisecond, as only a mocked clock has it.
// express-rate-limit and rate-limit-redis publish no tests.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const frameworks = resolve(process.argv[2])
const installed = join(frameworks, 'node_modules', '@fastify', 'rate-limit')
const copy = join(frameworks, 'suite')
const own = createRequire(import.meta.url).resolve('rateguard')
const store = createRequire(import.meta.url).resolve('rateguard/fastify-rate-limit')

const SHIM = `'use strict'
// Our store in place of one of the plugin's.
const { RateGuard } = require(${JSON.stringify(own)})
const { rateGuardStore } = require(${JSON.stringify(store)})
const { randomBytes } = require('node:crypto')
const client = new RateGuard({ url: 'http://' + process.env.RATEGUARD_HTTP, deadlineMs: 5000 })
globalThis.countersOf ??= randomBytes(8).toString('hex')
module.exports = SHARED => function (continueExceeding, exponentialBackoff, _backend, nameSpace = '') {
  const prefix = (SHARED ? globalThis.countersOf : randomBytes(8).toString('hex')) + nameSpace
  return new (rateGuardStore({ client, prefix }))({ continueExceeding, exponentialBackoff })
}
`
const IOREDIS = `'use strict'
const { randomBytes } = require('node:crypto')
module.exports = class {
  async flushall () { globalThis.countersOf = randomBytes(8).toString('hex') }
  async quit () {}
}
`
const PROLONGS = /continue ?exceeding (is on|and)|continueExceeding|exponential ?backoff/i
const LOOKS_INTO_REDIS = /redis error|custom nameSpace/
const WAITS_LONG = /clock\.tick\((55 \* 1000|70000)\)/
const TO_THE_MILLISECOND = /\bttl(InSeconds)?: \d+|floor\(ttl/
const CLOCK = 'const clock = { enable () {}, reset () {}, tick: (ms) => new Promise((resolve) => setTimeout(resolve, ms)) }'

rmSync(copy, { recursive: true, force: true })
mkdirSync(copy)
for (const part of ['index.js', 'package.json', 'store', 'test']) cpSync(join(installed, part), join(copy, part), { recursive: true })
writeFileSync(join(copy, 'store', 'shim.js'), SHIM)
writeFileSync(join(copy, 'store', 'RedisStore.js'), "module.exports = require('./shim')(true)\n")
writeFileSync(join(copy, 'store', 'LocalStore.js'), "module.exports = require('./shim')(false)\n")
mkdirSync(join(copy, 'node_modules', 'ioredis'), { recursive: true })
writeFileSync(join(copy, 'node_modules', 'ioredis', 'index.js'), IOREDIS)

const left = []
/** The tests of a file, those that cannot hold marked as skipped. */
function adapt(file) {
  const pieces = readFileSync(file, 'utf8').split(/^(?=(?: {2})?test\()/m)
  const adapted = pieces.map((piece, index) => {
    const name = /test\(\s*(['"`])(.*?)\1/.exec(piece)?.[2]
    if (index === 0 || name === undefined) return piece
    if (!PROLONGS.test(name) && !/(continueExceeding|exponentialBackoff): true/.test(piece) && !LOOKS_INTO_REDIS.test(name) && !WAITS_LONG.test(piece) && !TO_THE_MILLISECOND.test(piece)) return piece
    left.push(name)
    return piece.replace('test(', 'test.skip(')
  })
  writeFileSync(file, adapted.join('').replaceAll('const clock = mock.timers', CLOCK).replaceAll('clock.tick(', 'await clock.tick('))
}
const files = readdirSync(join(copy, 'test'), { recursive: true }).map((name) => join(copy, 'test', name)).filter((name) => name.endsWith('.test.js') && statSync(name).isFile())
for (const file of files) adapt(file)
const run = spawnSync(process.execPath, ['--test', '--test-reporter=tap', ...files], { cwd: copy, encoding: 'utf8', timeout: 300_000 })
const count = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(run.stdout)?.[1] ?? 0)
if (run.status !== 0) process.stdout.write(run.stdout.split('\n').filter((line) => !/^\s*(ok|---|\.\.\.|duration_ms)/.test(line)).join('\n'))
const version = JSON.parse(readFileSync(join(installed, 'package.json'))).version
console.log(`the suite of @fastify/rate-limit ${version}: ${count('pass')} pass, ${count('fail')} fail, ${count('skipped')} left out (${[...new Set(left)].join('; ')})`)
rmSync(copy, { recursive: true, force: true })
process.exit(run.status === 0 && count('pass') > 20 ? 0 : 1)
