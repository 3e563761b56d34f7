// An Express application behind a limiter: node_app.mjs FRAMEWORKS none|rateguard-resp|rateguard-http|redis SERVICE. Prints its port.
//
// Beside what a client sees, it measures inside: the time from the limiter's call to its next(), which GET /measured tells.
import * as http from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, kind, service] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))
const express = require('express')

async function limiter() {
  if (kind === 'none') return (_request, _response, next) => next()
  if (kind === 'redis') {
    const { rateLimit } = require('express-rate-limit')
    const { RedisStore } = require('rate-limit-redis')
    const client = require('redis').createClient({ url: `redis://${service}` })
    await client.connect()
    const store = new RedisStore({ sendCommand: (...words) => client.sendCommand(words) })
    return rateLimit({ windowMs: 60_000, limit: 1_000_000_000, standardHeaders: 'draft-8', legacyHeaders: false, store })
  }
  const { RateGuard } = require('rateguard')
  const { rateLimit } = require('rateguard/express')
  const client = new RateGuard({ url: `${kind === 'rateguard-resp' ? 'resp' : 'http'}://${service}`, deadlineMs: 1000, onFailure: 'closed' })
  await client.ready(5000)
  return rateLimit({ client, limit: '1000000000/m' })
}

const limit = await limiter()
let times = []
const app = express()
app.get('/measured', (_request, response) => {
  const sorted = times.sort((left, right) => left - right)
  times = []
  response.json({ count: sorted.length, median_us: (sorted[sorted.length >> 1] ?? 0) * 1000 })
})
app.use((request, response, next) => {
  const began = performance.now()
  limit(request, response, (error) => {
    if (times.length < 1_000_000) times.push(performance.now() - began)
    next(error)
  })
})
app.get('/', (_request, response) => response.send('hello'))
const server = http.createServer(app).listen(0, '127.0.0.1', () => console.log(server.address().port))
