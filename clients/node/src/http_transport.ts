// Questions as POST /check over kept connections.
import * as http from 'node:http'
import * as https from 'node:https'
import type { ConnectionOptions } from 'node:tls'
import { type Answer, type Decision, decisionOf } from './decision.js'
import { limitParameters } from './limit.js'
import type { Pending, Question, Transport } from './transport.js'

// An answer has a few hundred bytes; more than this is none of RateGuard's.
const ANSWER_BYTES_MAX = 65_536

export interface HttpOptions {
  url: URL
  token: string | undefined
  connections: number
  tls: ConnectionOptions | undefined
}

export class HttpTransport implements Transport {
  private readonly agent: http.Agent
  private readonly request: typeof http.request
  private readonly base: http.RequestOptions
  private readonly headers: Record<string, string>

  constructor(options: HttpOptions) {
    const { url } = options
    const secure = url.protocol === 'https:'
    const settings = { keepAlive: true, maxSockets: options.connections, maxFreeSockets: options.connections, scheduling: 'lifo' as const }
    this.agent = secure ? new https.Agent({ ...settings, ...options.tls }) : new http.Agent(settings)
    this.request = secure ? https.request : http.request
    const hostname = url.hostname.replace(/^\[|\]$/g, '')
    this.base = { agent: this.agent, hostname, port: url.port || (secure ? 443 : 80), path: url.pathname.replace(/\/$/, '') }
    this.headers = { 'Content-Type': 'application/json' }
    if (options.token !== undefined) this.headers['Authorization'] = `Bearer ${options.token}`
  }

  check(question: Question): void {
    if (question.limit !== undefined) limitParameters(question.limit)
  }

  ask(question: Question): Pending {
    const { limit, ...rest } = question
    return this.post('/check', JSON.stringify(limit === undefined ? rest : { ...rest, ...limitParameters(limit) }), decide)
  }

  release(hold: string): Pending {
    return this.post('/v1/release', JSON.stringify({ hold }), (status, body) =>
      status === 200 || status === 404 ? { decision: RELEASED } : undecided(status, body),
    )
  }

  connect(): void {
    const request = this.request({ ...this.base, path: `${this.base.path}/health`, method: 'GET' }, (response) => response.resume())
    request.on('error', () => {})
    request.on('socket', (socket) => socket.unref())
    request.setTimeout(1000, () => request.destroy())
    request.end()
  }

  close(): void {
    this.agent.destroy()
  }

  private post(path: string, body: string, read: (status: number, body: unknown, response: http.IncomingMessage) => Answer): Pending {
    let current: http.ClientRequest | undefined
    let abandoned = false
    const answer = new Promise<Answer>((resolve) => {
      const send = (again: boolean): void => {
        const headers = { ...this.headers, 'Content-Length': Buffer.byteLength(body) }
        const request = this.request({ ...this.base, path: this.base.path + path, method: 'POST', headers })
        current = request
        request.on('error', (error: NodeJS.ErrnoException) => {
          // The service closed a kept connection just as the question left: it was not read.
          if (again && !abandoned && request.reusedSocket && error.code === 'ECONNRESET') return send(false)
          const parsed = error.code?.startsWith('HPE_') ?? false
          resolve({ failure: parsed ? 'nonsense' : 'unreachable', detail: parsed ? `its answer is not HTTP (${error.code})` : `cannot be reached (${error.code ?? error.message})` })
        })
        request.on('response', (response) => collect(response, (text) => resolve(text === undefined ? NOT_JSON : parsed(response, text, read))))
        request.end(body)
      }
      send(true)
    })
    const abandon = (): void => {
      abandoned = true
      current?.destroy()
    }
    return { answer, abandon }
  }
}

const RELEASED: Decision = { allowed: true, limit: null, remaining: null, retryAfterMs: 0, resetAfterMs: 0, rule: null, degraded: false }
const NOT_JSON: Answer = { failure: 'nonsense', detail: 'its answer is not that of a RateGuard; is it the right address?' }

/** Calls `done` once with the body, or with undefined where it is cut or too long. */
function collect(response: http.IncomingMessage, done: (text: string | undefined) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) {
      response.destroy()
      return done(undefined)
    }
    chunks.push(chunk)
  })
  response.on('end', () => done((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8')))
  response.on('error', () => done(undefined))
  response.on('aborted', () => done(undefined))
}

function parsed(response: http.IncomingMessage, text: string, read: (status: number, body: unknown, response: http.IncomingMessage) => Answer): Answer {
  const status = response.statusCode ?? 0
  try {
    return read(status, text === '' ? undefined : JSON.parse(text), response)
  } catch {
    return status === 401 || status === 403 ? undecided(status, undefined) : NOT_JSON
  }
}

function decide(status: number, body: unknown, response: http.IncomingMessage): Answer {
  if (status !== 200 && status !== 429 && status !== 503) return undecided(status, body)
  const decision = decisionOf(body)
  if (!decision) return status === 503 ? undecided(status, body) : NOT_JSON
  if (decision.allowed !== (status === 200)) return NOT_JSON
  const policy = response.headers['ratelimit-policy']
  const limit = response.headers['ratelimit']
  const fields = {
    ...(status === 503 && { undecided: true }),
    ...(typeof policy === 'string' && { rateLimitPolicy: policy }),
    ...(typeof limit === 'string' && { rateLimit: limit }),
  }
  return { decision: Object.assign(decision, fields) }
}

function undecided(status: number, body: unknown): Answer {
  const problem = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)['detail'] : undefined
  const detail = typeof problem === 'string' ? `answered ${status}: ${problem.slice(0, 300)}` : `answered ${status}`
  if (status === 401 || status === 403) return { failure: 'unauthorized', detail: `${detail}; set the option 'token' to one of its tokens` }
  if (typeof problem !== 'string') return NOT_JSON
  if (status === 404) return { failure: 'misconfigured', detail }
  if (status === 503) return { failure: 'unavailable', detail }
  return status === 400 || status === 413 || status === 431 ? { failure: 'question', detail } : { failure: 'nonsense', detail }
}
