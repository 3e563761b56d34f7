// Middleware for Hono 4 on Node.
import type { IncomingMessage } from 'node:http'
import type { Decision } from '../decision.js'
import { Gate, type SiteOptions } from '../gate.js'
import { optionalFunction } from '../options.js'
import type { RequestView } from '../request.js'

export type { SiteOptions } from '../gate.js'

/** What is used of Hono's context. */
export interface HonoContext {
  req: { method: string; url: string; header(name: string): string | undefined; raw: { headers: Headers } }
  env: any
  header(name: string, value: string): void
  body(text: string, status: any, headers: Record<string, string>): Response
}

export interface HonoOptions<Context> extends SiteOptions<Context> {
  /** Answers a refused request in place of the problem document; header fields are set already, the status is yours to give. */
  onRefused?: (decision: Decision, context: Context) => Response | Promise<Response>
}

class HonoRequestView implements RequestView {
  constructor(private readonly context: HonoContext) {}

  get method(): string {
    return this.context.req.method
  }
  get path(): string {
    const url = this.context.req.url
    const start = url.indexOf('/', url.indexOf('://') + 3)
    return start < 0 ? '/' : url.slice(start)
  }
  get host(): string | undefined {
    return this.context.req.header('host')
  }
  /** @hono/node-server has the message of node:http in `env.incoming`. */
  get peer(): string | undefined {
    return (this.context.env?.incoming as IncomingMessage | undefined)?.socket?.remoteAddress
  }
  lines(name: string): readonly string[] {
    const raw = (this.context.env?.incoming as IncomingMessage | undefined)?.rawHeaders
    if (!raw) {
      const value = this.context.req.header(name)
      return value === undefined ? [] : [value]
    }
    return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]!.toLowerCase() === name)
  }
  all(): Record<string, string> {
    const fields: Record<string, string> = {}
    this.context.req.raw.headers.forEach((value, name) => (fields[name] = value))
    return fields
  }
}

/** Fails with OptionError for a wrong option, naming it. */
export function rateLimit<Context extends HonoContext>(options: HonoOptions<Context>): (context: Context, next: () => Promise<void>) => Promise<Response | void> {
  const gate = new Gate<Context>(options)
  const onRefused = optionalFunction('onRefused', options.onRefused)
  return async (context, next) => {
    const verdict = await gate.decide(context, new HonoRequestView(context))
    for (const [name, value] of verdict?.headers ?? []) context.header(name, value)
    if (!verdict || verdict.allowed) {
      try {
        await next()
      } finally {
        gate.done(verdict)
      }
      return
    }
    if (onRefused) return onRefused(verdict.decision, context)
    return context.body(verdict.body, verdict.status, { 'Content-Type': 'application/problem+json' })
  }
}
