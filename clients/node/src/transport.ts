// How questions reach the service.
import type { Answer } from './decision.js'

/** A limit to ask and for whom. Exactly one of `rule`, `limit`, `facts`. */
export interface Question {
  /** A configured rule, for whom `key` names; several keys for a rule by several things. */
  rule?: string
  key?: string | readonly string[]
  /** Picks a limit where the rule goes by plan. */
  plan?: string
  /** A limit of the question's own: "100/10s burst 20", or the parameters of POST /check. */
  limit?: string | import('./limit.js').LimitParameters
  /** What is known of a request: every configured rule that matches it is asked (transport `http`). */
  facts?: Facts
  /** Units to take (1); 0 looks, a negative number gives back. */
  cost?: number
}

export interface Facts {
  method?: string
  path?: string
  host?: string
  ip?: string
  headers?: Record<string, string>
  user?: string
  api_key?: string
  workspace?: string
  plan?: string
}

/** A question under way. */
export interface Pending {
  answer: Promise<Answer>
  /** Nobody waits any more. */
  abandon(): void
}

export interface Transport {
  /** Never throws; the promise never rejects. */
  ask(question: Question): Pending
  release(hold: string): Pending
  /** Opens a connection ahead of the first question. */
  connect(): void
  close(): void
  /** Fails with OptionError for a question that this transport cannot ask, whatever its key. */
  check(question: Question): void
}
