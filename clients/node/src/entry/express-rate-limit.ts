// A store for express-rate-limit: rateLimit({ windowMs, limit, store: new RateGuardStore({ client }) }).
import type { OnFailure, RateGuard } from '../client.js'
import { HitCounter } from '../hits.js'
import { OptionError, checkNames, oneOf } from '../options.js'

export interface StoreOptions {
  /** With transport `http`. */
  client: RateGuard
  /** The beginning of its keys ("rl:"); limiters that count apart need different ones. */
  prefix?: string
  /** While the service does not answer: `open` counts nothing, `closed` refuses. The client's where absent. */
  onFailure?: OnFailure
}

export class RateGuardStore {
  readonly prefix: string
  readonly localKeys = false
  private readonly hits: HitCounter
  private windowMs = 60_000

  /** Fails with OptionError for a wrong option, naming it. */
  constructor(options: StoreOptions) {
    checkNames(options, ['client', 'prefix', 'onFailure'])
    if (options.prefix !== undefined && typeof options.prefix !== 'string') throw new OptionError('prefix', options.prefix, 'text')
    this.prefix = options.prefix ?? 'rl:'
    this.hits = new HitCounter(options.client, options.onFailure === undefined ? undefined : oneOf<OnFailure>('onFailure', options.onFailure, ['open', 'closed'], 'open'))
  }

  init(options: { windowMs: number }): void {
    this.windowMs = options.windowMs
  }

  async get(key: string): Promise<{ totalHits: number; resetTime: Date | undefined } | undefined> {
    const hits = await this.hits.add(this.prefix + key, 0, this.windowMs)
    return hits && hits.count > 0 ? { totalHits: hits.count, resetTime: this.at(hits.resetMs) } : undefined
  }

  async increment(key: string): Promise<{ totalHits: number; resetTime: Date | undefined }> {
    const hits = await this.hits.add(this.prefix + key, 1, this.windowMs)
    if (hits) return { totalHits: hits.count, resetTime: this.at(hits.resetMs) }
    return this.hits.open ? { totalHits: 1, resetTime: this.at(this.windowMs) } : { totalHits: Number.MAX_SAFE_INTEGER, resetTime: this.at(1000) }
  }

  async decrement(key: string): Promise<void> {
    await this.hits.add(this.prefix + key, -1, this.windowMs)
  }

  async resetKey(key: string): Promise<void> {
    await this.hits.reset(this.prefix + key, this.windowMs)
  }

  private at(afterMs: number): Date {
    return new Date(Date.now() + afterMs)
  }
}
