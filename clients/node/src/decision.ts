// What the service decided, or what was decided in its place.

/**
 * Why the service did not decide:
 * `unreachable` no connection, or it was lost; `deadline` no answer in time; `nonsense` an answer that is none of RateGuard's;
 * `unauthorized` 401 or 403; `misconfigured` the rule that the call site names does not exist; `unavailable` the service refuses
 * to serve (503); `paused` the breaker is open after failures; `question` the service calls this one question wrong (400);
 * `caller` a function of the call site (key, cost, plan, facts) failed.
 */
export type Failure = 'unreachable' | 'deadline' | 'nonsense' | 'unauthorized' | 'misconfigured' | 'unavailable' | 'paused' | 'question' | 'caller'

export const FAILURES: readonly Failure[] = ['unreachable', 'deadline', 'nonsense', 'unauthorized', 'misconfigured', 'unavailable', 'paused', 'question', 'caller']

export interface Decision {
  /** Whether the request may pass. */
  readonly allowed: boolean
  /** Of the deciding limit; null where none applies. */
  readonly limit: number | null
  readonly remaining: number | null
  /** Milliseconds: 0 when admitted; null when waiting does not help. */
  readonly retryAfterMs: number | null
  /** Milliseconds until the counter is as if never used. */
  readonly resetAfterMs: number
  /** The deciding rule; null for a limit of the question's own. */
  readonly rule: string | null
  /** The service decided without its store. */
  readonly degraded: boolean
  /** The service could not reach its counters, and the rule says `on_store_failure: deny`. */
  readonly undecided?: boolean
  /** Leaky bucket: how long the request waits for its turn, in milliseconds. */
  readonly delayMs?: number
  /** Concurrency: what to give to `release()`. */
  readonly hold?: string
  /** Refused since the request lacks what the rule counts by (`missing_identity`), or has an unknown plan. */
  readonly reason?: string
  readonly missing?: string
  /** The service did not decide, and why: `allowed` is what `onFailure` says. */
  readonly failure?: Failure
  /** The header fields RateLimit-Policy and RateLimit as the service sent them (transport `http`). */
  readonly rateLimitPolicy?: string
  readonly rateLimit?: string
}

/** What a transport brings back: a decision, or why there is none, with a detail for the log. */
export type Answer = { decision: Decision } | { failure: Failure; detail: string }

const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value) && value >= 0
const isCountOrNull = (value: unknown): value is number | null => value === null || isCount(value)

/** A decision from the members of an answer of /check; undefined where they are not those of a decision. */
export function decisionOf(body: unknown): Decision | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { allowed, limit, remaining, retry_after_ms, reset_after_ms, rule, degraded, delay_ms, hold, reason, missing } = body as Record<string, unknown>
  if (typeof allowed !== 'boolean' || !isCountOrNull(limit) || !isCountOrNull(remaining) || !isCountOrNull(retry_after_ms)) return undefined
  if (!isCount(reset_after_ms) || !(rule === null || typeof rule === 'string')) return undefined
  const decision: { -readonly [K in keyof Decision]: Decision[K] } = {
    allowed, limit, remaining, retryAfterMs: retry_after_ms, resetAfterMs: reset_after_ms, rule, degraded: degraded === true,
  }
  if (isCount(delay_ms)) decision.delayMs = delay_ms
  if (typeof hold === 'string') decision.hold = hold
  if (typeof reason === 'string') decision.reason = reason
  if (typeof missing === 'string') decision.missing = missing
  return decision
}

/** The decision where the service made none. */
export function failed(failure: Failure, allowed: boolean): Decision {
  return { allowed, limit: null, remaining: null, retryAfterMs: allowed ? 0 : null, resetAfterMs: 0, rule: null, degraded: true, failure }
}

/** The refusal of a request that lacks what the call site counts by. */
export function missingIdentity(missing: string): Decision {
  return { allowed: false, limit: null, remaining: null, retryAfterMs: null, resetAfterMs: 0, rule: null, degraded: false, reason: 'missing_identity', missing }
}
