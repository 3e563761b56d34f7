// The client: asks the service within a deadline, and always answers with a decision.
import type { ConnectionOptions } from 'node:tls'
import { Breaker, type BreakerOptions } from './breaker.js'
import { type Answer, type Decision, FAILURES, type Failure, failed, missingIdentity } from './decision.js'
import { HttpTransport } from './http_transport.js'
import { Notices } from './notices.js'
import { OptionError, checkNames, oneOf, optionalFunction, positive, whole } from './options.js'
import { RespTransport } from './resp_transport.js'
import type { Pending, Question, Transport } from './transport.js'

/** What a request gets when the service does not decide: `open` lets it pass, `closed` refuses it. */
export type OnFailure = 'open' | 'closed'

export interface ClientOptions {
  /** "http://127.0.0.1:8080", "https://...", "resp://127.0.0.1:6380" or "resps://..." (the Redis protocol, with TLS). */
  url?: string
  /** `http`: POST /check over kept connections; `resp`: pipelined commands, faster. Where absent the URL says it. */
  transport?: 'http' | 'resp'
  /** One of the service's `listen.tokens`. */
  token?: string
  /** Milliseconds to wait for a decision, connecting included (5). */
  deadlineMs?: number
  /** `open` unless said otherwise; each call site may have its own. */
  onFailure?: OnFailure
  /** When to stop asking for a while; false never does. */
  breaker?: BreakerOptions | false
  /** Connections at most, transport `http` (64). */
  connections?: number
  /** For https and resps: `ca`, `cert`, `key` and the like, as node:tls has them. */
  tls?: ConnectionOptions
  /** Where failures are told of, once each; console.warn where absent. */
  log?: (message: string) => void
}

/** What one call site says differently from the client. */
export interface CallOptions {
  onFailure?: OnFailure
  deadlineMs?: number
}

/** How many questions ended how, since the client was made. */
export interface Stats {
  asked: number
  allowed: number
  refused: number
  failures: Record<Failure, number>
  failedOpen: number
  failedClosed: number
}

const KEY_BYTES_MAX = 1024
const OPTIONS = ['url', 'transport', 'token', 'deadlineMs', 'onFailure', 'breaker', 'connections', 'tls', 'log'] as const
const SCHEMES: Record<string, 'http' | 'resp'> = { 'http:': 'http', 'https:': 'http', 'resp:': 'resp', 'resps:': 'resp' }

export class RateGuard {
  /** @internal */
  readonly transport: Transport
  readonly onFailure: OnFailure
  readonly deadlineMs: number
  readonly stats: Stats = {
    asked: 0, allowed: 0, refused: 0, failedOpen: 0, failedClosed: 0,
    failures: Object.fromEntries(FAILURES.map((failure) => [failure, 0])) as Record<Failure, number>,
  }
  private readonly breaker: Breaker
  private readonly notices: Notices

  /** Fails with OptionError for a wrong option, naming it. Connects in the background. */
  constructor(options: ClientOptions = {}) {
    checkNames(options, OPTIONS)
    const { url, transport } = readUrl(options)
    if (options.token !== undefined && (typeof options.token !== 'string' || !/^[\x21-\x7e]+$/.test(options.token))) {
      throw new OptionError('token', '...', 'visible ASCII characters')
    }
    this.deadlineMs = positive('deadlineMs', options.deadlineMs, 5)
    this.onFailure = oneOf('onFailure', options.onFailure, ['open', 'closed'], 'open')
    this.breaker = makeBreaker(options.breaker)
    this.notices = new Notices(optionalFunction('log', options.log) ?? ((message) => console.warn(message)), `${url.protocol}//${url.host}`)
    const connections = whole('connections', options.connections, 64, 1, 65_535)
    this.transport = transport === 'http' ? new HttpTransport({ url, token: options.token, connections, tls: options.tls }) : new RespTransport({ url, token: options.token, tls: options.tls })
    this.transport.connect()
  }

  /** Asks. Never rejects: where the service does not decide, `onFailure` does, and `failure` says why. */
  check(question: Question, call: CallOptions = {}): Promise<Decision> {
    this.stats.asked++
    const wrong = wrongKey(question)
    if (wrong) return Promise.resolve(this.counted(wrong))
    if (!this.breaker.admits(performance.now())) return Promise.resolve(this.fail('paused', '', call))
    let pending: Pending
    try {
      pending = this.transport.ask(question)
    } catch (error) {
      this.breaker.succeeded() // the question is wrong, not the service
      return Promise.resolve(this.fail('question', (error as Error).message, call))
    }
    return this.settle(pending, call)
  }

  /** Gives a hold of a concurrency limit back. False: the service did not take it; the hold then ends by itself. */
  async release(hold: string): Promise<boolean> {
    return within(this.transport.release(hold), Math.max(this.deadlineMs, 1000)).then((answer) => 'decision' in answer)
  }

  /** Whether the service answers; waits up to `timeoutMs` (1000) for it. For tests and readiness checks; not needed before check(). */
  async ready(timeoutMs = 1000): Promise<boolean> {
    const answer = await within(this.transport.release('0'.repeat(40)), timeoutMs)
    return 'decision' in answer
  }

  close(): void {
    this.transport.close()
  }

  /** The decision where the service made none; counts it and tells the log once. @internal */
  fail(failure: Failure, detail: string, call: CallOptions): Decision {
    // A question that the service calls wrong may be the caller's doing, who must not be able to switch limits off.
    const open = failure !== 'question' && (call.onFailure ?? this.onFailure) === 'open'
    this.stats.failures[failure]++
    if (open) this.stats.failedOpen++
    else this.stats.failedClosed++
    const outcome = failure === 'question' ? 'the request is refused' : open ? "requests pass (onFailure 'open')" : "requests are refused (onFailure 'closed')"
    this.notices.failed(failure, detail, outcome, performance.now())
    return failed(failure, open)
  }

  /** Counts a decision that needed no service. @internal */
  counted(decision: Decision): Decision {
    if (decision.allowed) this.stats.allowed++
    else this.stats.refused++
    return decision
  }

  private async settle(pending: Pending, call: CallOptions): Promise<Decision> {
    const answer = await within(pending, call.deadlineMs ?? this.deadlineMs)
    if ('decision' in answer) {
      this.breaker.succeeded()
      this.notices.answered()
      return this.counted(answer.decision)
    }
    const { failure, detail } = answer
    // What was answered at once costs no waiting, so that there is no reason to pause.
    if (failure === 'deadline' || failure === 'unreachable' || failure === 'nonsense') this.breaker.failed(performance.now())
    else this.breaker.succeeded()
    return this.fail(failure, detail, call)
  }
}

function readUrl(options: ClientOptions): { url: URL; transport: 'http' | 'resp' } {
  const asked = options.transport === undefined ? undefined : oneOf('transport', options.transport, ['http', 'resp'], 'http')
  const text = options.url ?? (asked === 'resp' ? 'resp://127.0.0.1:6380' : 'http://127.0.0.1:8080')
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new OptionError('url', text, 'a URL such as "http://127.0.0.1:8080" or "resp://127.0.0.1:6380"')
  }
  const transport = SCHEMES[url.protocol]
  if (!transport || url.hostname === '') throw new OptionError('url', text, 'a URL that begins with http://, https://, resp:// or resps://')
  if (url.username !== '' || url.password !== '') throw new OptionError('url', `${url.protocol}//...`, "a URL without user and password; use the option 'token'")
  if (asked !== undefined && asked !== transport) throw new OptionError('transport', asked, `'${transport}', as the option 'url' says`)
  return { url, transport }
}

function makeBreaker(options: BreakerOptions | false | undefined): Breaker {
  if (options === false) return new Breaker(0, 0)
  if (options !== undefined && (typeof options !== 'object' || options === null)) throw new OptionError('breaker', options, 'an object, or false')
  checkNames(options ?? {}, ['failures', 'pauseMs'])
  return new Breaker(whole('breaker.failures', options?.failures, 5, 1, 1_000_000), positive('breaker.pauseMs', options?.pauseMs, 1000))
}

/** The refusal for a key that no counter may have; undefined where the key is in order. */
function wrongKey(question: Question): Decision | undefined {
  if (question.key === undefined) return question.limit === undefined ? undefined : missingIdentity('key')
  for (const part of typeof question.key === 'string' ? [question.key] : question.key) {
    if (typeof part !== 'string' || part === '') return missingIdentity('key')
    if (part.length > KEY_BYTES_MAX / 3 && Buffer.byteLength(part) > KEY_BYTES_MAX) return missingIdentity('key')
  }
  return undefined
}

/** The answer, or the failure `deadline`. */
function within(pending: Pending, deadlineMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      // A busy loop runs timers first, while the answer may have arrived already: it is read before this.
      setImmediate(() => {
        resolve({ failure: 'deadline', detail: `did not answer within ${deadlineMs} ms` })
        pending.abandon()
      })
    }, deadlineMs)
    pending.answer.then((answer) => {
      clearTimeout(timer)
      resolve(answer)
    }, () => {})
  })
}
