// Middleware for Koa 2 and 3.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../decision.js'
import { Gate, type SiteOptions } from '../gate.js'
import { optionalFunction } from '../options.js'
import { NodeRequestView } from '../request.js'

export type { SiteOptions } from '../gate.js'

/** What is used of Koa's context. */
export interface KoaContext {
  req: IncomingMessage
  res: ServerResponse
  originalUrl: string
  status: number
  body: unknown
  type: string
  set(name: string, value: string): void
}

export interface KoaOptions<Context> extends SiteOptions<Context> {
  /** Answers a refused request in place of the problem document; status and header fields are set already. */
  onRefused?: (decision: Decision, context: Context) => void
}

/** Fails with OptionError for a wrong option, naming it. */
export function rateLimit<Context extends KoaContext>(options: KoaOptions<Context>): (context: Context, next: () => Promise<unknown>) => Promise<void> {
  const gate = new Gate<Context>(options)
  const onRefused = optionalFunction('onRefused', options.onRefused)
  return async (context, next) => {
    const verdict = await gate.decide(context, new NodeRequestView(context.req, context.originalUrl))
    for (const [name, value] of verdict?.headers ?? []) context.set(name, value)
    if (!verdict || verdict.allowed) {
      if (verdict?.decision.hold !== undefined) context.res.once('close', () => gate.done(verdict))
      await next()
      return
    }
    context.status = verdict.status
    if (onRefused) return onRefused(verdict.decision, context)
    context.body = verdict.body
    context.type = 'application/problem+json'
  }
}
