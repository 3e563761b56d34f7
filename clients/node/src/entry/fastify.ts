// A plugin for Fastify 4 and 5, and a hook for single routes.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Decision } from '../decision.js'
import { Gate, type SiteOptions } from '../gate.js'
import { optionalFunction } from '../options.js'
import { NodeRequestView } from '../request.js'

export type { SiteOptions } from '../gate.js'

/** What is used of Fastify's request and reply. */
export interface FastifyRequestLike {
  raw: IncomingMessage
}
export interface FastifyReplyLike {
  raw: ServerResponse
  code(status: number): unknown
  header(name: string, value: string): unknown
  send(body?: unknown): unknown
}

export interface FastifyOptions<Request, Reply> extends SiteOptions<Request> {
  /** Answers a refused request in place of the problem document; status and header fields are set already. */
  onRefused?: (decision: Decision, request: Request, reply: Reply) => void
}

/** A hook for `onRequest` of a route. Fails with OptionError for a wrong option, naming it. */
export function rateLimitHook<Request extends FastifyRequestLike, Reply extends FastifyReplyLike>(
  options: FastifyOptions<Request, Reply>,
): (request: any, reply: any) => Promise<any> {
  const gate = new Gate<Request>(options)
  const onRefused = optionalFunction('onRefused', options.onRefused)
  return async (request: Request, reply: Reply) => {
    const verdict = await gate.decide(request, new NodeRequestView(request.raw))
    for (const [name, value] of verdict?.headers ?? []) reply.header(name, value)
    if (!verdict || verdict.allowed) {
      if (verdict?.decision.hold !== undefined) reply.raw.once('close', () => gate.done(verdict))
      return undefined
    }
    reply.code(verdict.status)
    if (onRefused) onRefused(verdict.decision, request, reply)
    else {
      reply.header('Content-Type', 'application/problem+json')
      reply.send(verdict.body)
    }
    return reply
  }
}

interface FastifyInstanceLike {
  addHook(name: 'onRequest', hook: (request: any, reply: any) => Promise<unknown>): unknown
}

/** `app.register(rateLimit, { client, ... })`: every request of the app, those of routes registered later too. */
export function rateLimit(app: FastifyInstanceLike, options: FastifyOptions<any, any>, done: (error?: Error) => void): void {
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, ...own } = options as FastifyOptions<any, any> & Record<string, unknown>
  try {
    app.addHook('onRequest', rateLimitHook(own as FastifyOptions<any, any>))
    done()
  } catch (error) {
    done(error as Error)
  }
}
// What fastify-plugin sets: the hook is the app's, not that of a context of the plugin's own.
Object.assign(rateLimit, { [Symbol.for('skip-override')]: true, [Symbol.for('fastify.display-name')]: 'rateguard' })
