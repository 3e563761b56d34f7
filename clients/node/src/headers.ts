// The header fields that tell a client its limits.
import type { Decision } from './decision.js'

/**
 * `ietf`: RateLimit and RateLimit-Policy as the service sends them, else as draft-ietf-httpapi-ratelimit-headers-10 has them;
 * `legacy`: X-RateLimit-Limit, -Remaining and -Reset, the reset in seconds from now; `both`; `off`.
 * Refusals have Retry-After and X-Should-Retry in any case.
 */
export type HeaderStyle = 'ietf' | 'legacy' | 'both' | 'off'
export const HEADER_STYLES: readonly HeaderStyle[] = ['ietf', 'legacy', 'both', 'off']

// JavaScript clients set a timer for Retry-After, and beyond 2^31 ms a timer ends at once.
const RETRY_AFTER_MS_END = 24 * 86_400_000
// Clients that retry by themselves sleep for as long as they are told; above this they should not.
const WORTH_WAITING_MS = 60_000
// Structured fields have integers of at most 15 digits (RFC 9651).
const INTEGER_MAX = 999_999_999_999_999

const seconds = (ms: number): number => Math.ceil(ms / 1000)
const quoted = (name: string): string => `"${name.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`

/** The fields for a decision. `name` and `windowSeconds` are those of a limit of the call site's own. */
export function limitHeaders(decision: Decision, style: HeaderStyle, name = 'ad_hoc', windowSeconds?: number): [string, string][] {
  const fields: [string, string][] = []
  if (style === 'ietf' || style === 'both') fields.push(...ietf(decision, name, windowSeconds))
  if (style === 'legacy' || style === 'both') fields.push(...legacy(decision))
  if (!decision.allowed) fields.push(...refusal(decision))
  return fields
}

/** Seconds until there is more: the wait of a refusal, the full reset of an admission. */
function renewal(decision: Decision): number {
  return seconds(decision.allowed ? decision.resetAfterMs : (decision.retryAfterMs ?? decision.resetAfterMs))
}

function ietf(decision: Decision, name: string, windowSeconds: number | undefined): [string, string][] {
  if (decision.rateLimit !== undefined && decision.rateLimitPolicy !== undefined) {
    const own = decision.rule === null && name !== 'ad_hoc'
    const renamed = (field: string): string => (own ? field.replace('"ad_hoc"', () => quoted(name)) : field)
    return [['RateLimit-Policy', renamed(decision.rateLimitPolicy)], ['RateLimit', renamed(decision.rateLimit)]]
  }
  if (decision.limit === null || decision.remaining === null) return []
  const policy = quoted(decision.rule ?? name)
  const window = decision.rule === null && windowSeconds !== undefined ? `;w=${windowSeconds}` : ''
  const [limit, remaining] = [Math.min(decision.limit, INTEGER_MAX), Math.min(decision.remaining, INTEGER_MAX)]
  return [['RateLimit-Policy', `${policy};q=${limit}${window}`], ['RateLimit', `${policy};r=${remaining};t=${renewal(decision)}`]]
}

function legacy(decision: Decision): [string, string][] {
  if (decision.limit === null || decision.remaining === null) return []
  return [['X-RateLimit-Limit', String(decision.limit)], ['X-RateLimit-Remaining', String(decision.remaining)], ['X-RateLimit-Reset', String(renewal(decision))]]
}

function refusal(decision: Decision): [string, string][] {
  if (decision.failure !== undefined) return decision.failure === 'question' ? [] : [['Retry-After', '1']]
  const wait = decision.retryAfterMs
  const fields: [string, string][] = []
  if (wait !== null && wait < RETRY_AFTER_MS_END) fields.push(['Retry-After', String(Math.max(1, seconds(wait)))])
  if (wait === null || wait > WORTH_WAITING_MS) fields.push(['X-Should-Retry', 'false'])
  return fields
}

/** The status of a refusal: 429; 403 where the request lacks what is counted by; 503 where nothing could be decided; 400. */
export function refusalStatus(decision: Decision): number {
  if (decision.failure === 'question') return 400
  if (decision.failure !== undefined || decision.undecided) return 503
  return decision.reason === undefined ? 429 : 403
}

const TITLES: Record<number, string> = {
  400: 'Bad Request', 403: 'Forbidden', 429: 'Request cannot be satisfied as assigned quota has been exceeded', 503: 'Service Unavailable',
}
const PROBLEMS = 'https://iana.org/assignments/http-problem-types#'

/** The body of a refusal: a problem document (RFC 9457). */
export function problemBody(decision: Decision, status: number, name = 'ad_hoc'): string {
  const problem: Record<string, unknown> = { type: 'about:blank', title: TITLES[status], status }
  if (status === 429) {
    problem['type'] = `${PROBLEMS}quota-exceeded`
    problem['detail'] = decision.retryAfterMs === null ? 'waiting does not help: the request asks for more than the limit holds' : `try again in ${Math.max(1, seconds(decision.retryAfterMs))} s`
    problem['violated-policies'] = [decision.rule ?? name]
  }
  if (status === 503) problem['type'] = `${PROBLEMS}temporary-reduced-capacity`
  if (status === 403) problem['detail'] = `the request lacks ${decision.missing ?? 'what limits count by'}`
  return JSON.stringify(problem)
}
