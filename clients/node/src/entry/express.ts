// Middleware for Express 4 and 5, and for any server that takes (request, response, next).
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../decision.js'
import { Gate, type SiteOptions } from '../gate.js'
import { optionalFunction } from '../options.js'
import { NodeRequestView } from '../request.js'

export type { SiteOptions } from '../gate.js'

export interface ExpressOptions<Request, Response> extends SiteOptions<Request> {
  /** Answers a refused request in place of the problem document; status and header fields are set already. */
  onRefused?: (decision: Decision, request: Request, response: Response) => void
}

/** Fails with OptionError for a wrong option, naming it. */
export function rateLimit<Request extends IncomingMessage & { originalUrl?: string }, Response extends ServerResponse>(
  options: ExpressOptions<Request, Response>,
): (request: Request, response: Response, next: (error?: unknown) => void) => void {
  const gate = new Gate<Request>(options)
  const onRefused = optionalFunction('onRefused', options.onRefused)
  return (request, response, next) => {
    void gate.decide(request, new NodeRequestView(request, request.originalUrl ?? request.url)).then((verdict) => {
      if (response.headersSent || response.destroyed) return gate.done(verdict)
      for (const [name, value] of verdict?.headers ?? []) response.setHeader(name, value)
      if (!verdict || verdict.allowed) {
        if (verdict?.decision.hold !== undefined) response.once('close', () => gate.done(verdict))
        return next()
      }
      response.statusCode = verdict.status
      if (onRefused) return onRefused(verdict.decision, request, response)
      response.setHeader('Content-Type', 'application/problem+json')
      response.end(verdict.body)
    }).catch(next)
  }
}
