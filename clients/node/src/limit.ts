// Limits that come with the question: the text "100/10s burst 20", or the parameters of POST /check.
import { OptionError } from './options.js'

/** The parameters of a limit as POST /check takes them, by algorithm. Durations are text ("10s") or seconds. */
export type LimitParameters =
  | { algorithm: 'token_bucket'; capacity: number; refill_rate: number | string }
  | { algorithm: 'gcra'; limit: number; window: number | string; burst?: number }
  | { algorithm: 'gcra'; rate: number | string; burst: number }
  | { algorithm: 'leaky_bucket'; rate: number | string; queue: number }
  | { algorithm: 'fixed_window'; limit: number; window: number | string; anchor?: 'epoch' | 'first_request' }
  | { algorithm: 'fixed_window'; limit: number; anchor: 'day' | 'week' | 'month' | 'year'; time_zone?: string }
  | { algorithm: 'sliding_window_log' | 'sliding_window' | 'sliding_window_counter'; limit: number; window: number | string }
  | { algorithm: 'concurrency'; limit: number; hold: number | string }

/** A limit of which both transports know the same: `limit` units per `windowMs`, at most `burst` at once (GCRA). */
export interface SimpleLimit {
  limit: number
  windowMs: number
  burst: number
}

const UNITS_MS: Record<string, number> = {
  ms: 1, s: 1000, sec: 1000, second: 1000, seconds: 1000, m: 60_000, min: 60_000, minute: 60_000, minutes: 60_000,
  h: 3_600_000, hour: 3_600_000, hours: 3_600_000, d: 86_400_000, day: 86_400_000, days: 86_400_000,
  w: 604_800_000, week: 604_800_000, weeks: 604_800_000,
}
const WINDOW_MS_MAX = 366 * 86_400_000
const TEXT = /^\s*(\d{1,16})\s*\/\s*(\d{1,10}(?:\.\d{1,3})?)?\s*([a-z]+)(?:\s+burst\s+(\d{1,16}))?\s*$/
const EXPECTED = 'a limit such as "100/m", "5/10s" or "100/10s burst 20"'

/** Reads "100/10s burst 20": 100 per 10 seconds, at most 20 at once; without a burst, the whole limit at once. */
export function parseLimit(text: string): SimpleLimit {
  const found = TEXT.exec(text)
  const unit = found && UNITS_MS[found[3]!]
  if (!found || !unit) throw new OptionError('limit', text, EXPECTED)
  const limit = Number(found[1])
  const windowMs = Number(found[2] ?? 1) * unit
  const burst = found[4] === undefined ? limit : Number(found[4])
  const bounded = [limit, burst].every((units) => units >= 1 && units <= Number.MAX_SAFE_INTEGER)
  if (!bounded || !Number.isInteger(windowMs) || windowMs < 1 || windowMs > WINDOW_MS_MAX) throw new OptionError('limit', text, EXPECTED)
  return { limit, windowMs, burst }
}

/** The parameters of POST /check for a text or for themselves. Fails for what is neither. */
export function limitParameters(limit: unknown): Record<string, unknown> {
  if (typeof limit === 'string') {
    const simple = parseLimit(limit)
    return { algorithm: 'gcra', limit: simple.limit, window: `${simple.windowMs}ms`, burst: simple.burst }
  }
  if (typeof limit !== 'object' || limit === null || typeof (limit as LimitParameters).algorithm !== 'string') {
    throw new OptionError('limit', limit, `${EXPECTED}, or an object with 'algorithm'`)
  }
  return { ...limit }
}

/** The same limit for the command THROTTLE, which knows GCRA in whole seconds. */
export function throttleArguments(limit: unknown): [burst: string, count: string, seconds: string] {
  if (typeof limit !== 'string') throw new OptionError('limit', limit, `${EXPECTED} with transport 'resp'; an object needs transport 'http'`)
  const { limit: count, windowMs, burst } = parseLimit(limit)
  if (windowMs % 1000 !== 0 || count > 0xffff_ffff || burst > 0xffff_ffff) {
    throw new OptionError('limit', limit, "whole seconds and at most 4294967295 units with transport 'resp'")
  }
  return [String(burst), String(count), String(windowMs / 1000)]
}

/** Seconds in which the limit renews itself, for the header RateLimit-Policy; undefined where it is not in the text. */
export function windowSeconds(limit: unknown): number | undefined {
  if (typeof limit !== 'string') return undefined
  const { limit: count, windowMs, burst } = parseLimit(limit)
  return Math.max(1, Math.ceil((burst * windowMs) / count / 1000))
}
