// Counters of hits for stores of other limiters: they count, and the limiter decides.
import { OptionError } from './options.js'
import { type OnFailure, RateGuard } from './client.js'

export interface Hits {
  /** Hits in this window, this one included. */
  count: number
  /** Milliseconds until the window ends. */
  resetMs: number
}

// A window that never refuses: what is used of it is the number of hits.
const CAPACITY = Number.MAX_SAFE_INTEGER
const WINDOW_MS_MAX = 366 * 86_400_000

export class HitCounter {
  /** Fails with OptionError for a client that cannot count: a window needs transport `http`. */
  constructor(private readonly client: RateGuard, private readonly onFailure: OnFailure | undefined) {
    if (!(client instanceof RateGuard)) throw new OptionError('client', client, 'a RateGuard')
    client.transport.check({ limit: { algorithm: 'fixed_window', limit: 1, window: 1 } })
  }

  /** Adds `hits` (0 looks, negative gives back) to a window that begins with its first hit. Undefined: the service did not answer. */
  async add(key: string, hits: number, windowMs: number): Promise<Hits | undefined> {
    const window = `${Math.min(WINDOW_MS_MAX, Math.max(1, Math.ceil(windowMs)))}ms`
    const decision = await this.client.check(
      { key, limit: { algorithm: 'fixed_window', limit: CAPACITY, window, anchor: 'first_request' }, cost: hits },
      this.onFailure === undefined ? {} : { onFailure: this.onFailure },
    )
    if (decision.failure !== undefined || decision.remaining === null) return undefined
    return { count: CAPACITY - decision.remaining, resetMs: decision.resetAfterMs }
  }

  /** Takes all hits back. */
  async reset(key: string, windowMs: number): Promise<void> {
    await this.add(key, -CAPACITY, windowMs)
  }

  /** Whether requests pass while the service does not answer. */
  get open(): boolean {
    return (this.onFailure ?? this.client.onFailure) === 'open'
  }
}
