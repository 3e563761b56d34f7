// Questions as pipelined commands of the Redis protocol over one kept connection.
import * as net from 'node:net'
import * as tls from 'node:tls'
import { type Answer, type Decision, decisionOf } from './decision.js'
import { throttleArguments } from './limit.js'
import { OptionError } from './options.js'
import { type Reply, ReplyError, ReplyParser } from './resp_parser.js'
import type { Pending, Question, Transport } from './transport.js'

// Questions that wait on one connection, the abandoned ones too. A connection that lets more gather is given up.
const WAITING_MAX = 16_384
// An answer that is later than this comes no more: the connection is given up.
const STALLED_MS = 1000

export interface RespOptions {
  url: URL
  token: string | undefined
  tls: tls.ConnectionOptions | undefined
}

interface Waiting {
  resolve(answer: Answer): void
  read(reply: Reply): Answer
  sinceMs: number
  abandoned: boolean
}

export class RespTransport implements Transport {
  private connection: Connection | undefined

  constructor(private readonly options: RespOptions) {}

  check(question: Question): void {
    if (question.facts !== undefined) throw new OptionError('facts', question.facts, "no facts with transport 'resp': ask a rule by its name, or use transport 'http'")
    if (question.limit !== undefined) throttleArguments(question.limit)
  }

  ask(question: Question): Pending {
    const cost = String(question.cost ?? 1)
    if (question.limit !== undefined) {
      const [burst, count, seconds] = throttleArguments(question.limit)
      return this.send(['THROTTLE', String(question.key), burst, count, seconds, cost], readThrottle)
    }
    const [key, ...more] = typeof question.key === 'string' ? [question.key] : (question.key ?? [''])
    const words = ['RG.CHECK', question.rule ?? '', key ?? '', cost]
    if (question.plan !== undefined) words.push('PLAN', question.plan)
    if (more.length > 0) words.push('AND', ...more)
    return this.send(words, readCheck)
  }

  release(hold: string): Pending {
    return this.send(['RG.RELEASE', hold], (reply) => (typeof reply === 'number' ? { decision: RELEASED } : undecided(reply)))
  }

  connect(): void {
    this.current()
  }

  close(): void {
    this.connection?.end('closed')
  }

  private current(): Connection {
    if (!this.connection || this.connection.ended) this.connection = new Connection(this.options)
    return this.connection
  }

  private send(words: string[], read: (reply: Reply) => Answer): Pending {
    const connection = this.current()
    const waiting: Waiting = { resolve: () => {}, read, sinceMs: performance.now(), abandoned: false }
    const answer = new Promise<Answer>((resolve) => (waiting.resolve = resolve))
    connection.send(words, waiting)
    return { answer, abandon: () => connection.abandon(waiting, performance.now()) }
  }
}

class Connection {
  ended = false
  private readonly socket: net.Socket
  private readonly parser = new ReplyParser()
  private readonly waiting: Waiting[] = []
  private first = 0 // of `waiting` that has no answer; the array is cut now and then
  private live = 0 // of those, for which somebody waits: they keep the program running
  private unsent = ''
  private greeting: boolean

  constructor(options: RespOptions) {
    const { url } = options
    const address = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6380) }
    this.socket = url.protocol === 'resps:' ? tls.connect({ servername: net.isIP(address.host) ? '' : address.host, ...address, ...options.tls }) : net.connect(address)
    this.socket.setNoDelay(true)
    this.socket.unref()
    this.greeting = options.token !== undefined
    if (options.token !== undefined) this.socket.write(command(['AUTH', options.token]))
    this.socket.on('data', (chunk) => this.received(chunk as Buffer))
    this.socket.on('error', (error: NodeJS.ErrnoException) => this.end(`cannot be reached (${error.code ?? error.message})`))
    this.socket.on('close', () => this.end('closed the connection'))
  }

  send(words: string[], waiting: Waiting): void {
    if (this.live++ === 0) this.socket.ref()
    this.waiting.push(waiting)
    // What is asked in one turn of the loop leaves in one write.
    if (this.unsent === '') setImmediate(() => this.flush())
    this.unsent += command(words)
  }

  /** Nobody waits for that answer any more. */
  abandon(waiting: Waiting, nowMs: number): void {
    if (this.ended || waiting.abandoned) return
    waiting.abandoned = true
    if (--this.live === 0) this.socket.unref()
    const oldest = this.waiting[this.first]
    if (!oldest) return
    if (nowMs - oldest.sinceMs > STALLED_MS || this.waiting.length - this.first > WAITING_MAX) this.end('does not answer')
  }

  /** Every question that waits is answered by a failure. */
  end(detail: string, failure: 'unreachable' | 'nonsense' = 'unreachable'): void {
    if (this.ended) return
    this.ended = true
    this.socket.destroy()
    for (const { resolve } of this.waiting.splice(0).slice(this.first)) resolve({ failure, detail })
  }

  private flush(): void {
    const text = this.unsent
    this.unsent = ''
    if (!this.ended) this.socket.write(text)
  }

  private received(chunk: Buffer): void {
    try {
      for (const reply of this.parser.feed(chunk)) this.answered(reply)
    } catch (error) {
      this.end(`its answer is not that of a RateGuard (${(error as Error).message}); is it the right address?`, 'nonsense')
    }
  }

  private answered(reply: Reply): void {
    if (this.greeting) {
      this.greeting = false // a wrong token shows in the answers that follow
      return
    }
    const next = this.waiting[this.first]
    if (!next) throw new Error('an answer that nobody asked for')
    this.first++
    if (!next.abandoned && --this.live === 0) this.socket.unref()
    if (this.first === this.waiting.length) this.waiting.length = this.first = 0
    else if (this.first >= 1024) this.waiting.splice(0, this.first), (this.first = 0)
    next.resolve(next.read(reply))
  }
}

function command(words: string[]): string {
  let text = `*${words.length}\r\n`
  for (const word of words) text += `$${Buffer.byteLength(word)}\r\n${word}\r\n`
  return text
}

const RELEASED: Decision = { allowed: true, limit: null, remaining: null, retryAfterMs: 0, resetAfterMs: 0, rule: null, degraded: false }
const NONSENSE: Answer = { failure: 'nonsense', detail: 'its answer is not that of a RateGuard; is it the right address?' }

function readThrottle(reply: Reply): Answer {
  if (!Array.isArray(reply) || reply.length !== 5 || !reply.every((element) => typeof element === 'number')) return undecided(reply)
  const [admitted, limit, remaining, reset, retry] = reply as [number, number, number, number, number]
  const allowed = admitted === 1
  // It says 0 both when admitted and when waiting does not help.
  const retryAfterMs = allowed ? 0 : retry > 0 ? retry * 1000 : null
  return { decision: { allowed, limit, remaining, retryAfterMs, resetAfterMs: reset * 1000, rule: null, degraded: false } }
}

function readCheck(reply: Reply): Answer {
  if (!Array.isArray(reply) || reply.length % 2 !== 0) return undecided(reply)
  const body: Record<string, unknown> = {}
  for (let at = 0; at < reply.length; at += 2) body[String(reply[at])] = reply[at + 1]
  for (const name of ['allowed', 'degraded']) body[name] = body[name] === 1 ? true : body[name] === 0 ? false : body[name]
  const decision = decisionOf(body)
  return decision ? { decision } : NONSENSE
}

function undecided(reply: Reply): Answer {
  if (!(reply instanceof ReplyError)) return NONSENSE
  const detail = `answered: ${reply.message.slice(0, 300)}`
  if (/^(NOAUTH|WRONGPASS|NOPERM)\b/.test(reply.message)) return { failure: 'unauthorized', detail: `${detail}; set the option 'token' to one of its tokens` }
  if (/^UNAVAILABLE\b/.test(reply.message)) {
    return { decision: { allowed: false, limit: null, remaining: null, retryAfterMs: 1000, resetAfterMs: 0, rule: null, degraded: true, undecided: true } }
  }
  if (/^ERR there is no rule\b/.test(reply.message)) return { failure: 'misconfigured', detail }
  if (/^ERR (unknown command|Protocol error)/.test(reply.message)) return { failure: 'nonsense', detail: `${detail}; is it the right address?` }
  return { failure: 'question', detail }
}
