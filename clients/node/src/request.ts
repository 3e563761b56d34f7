// What the middleware knows of a request, whatever framework it came through.
import type { IncomingMessage } from 'node:http'

export interface RequestView {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly host: string | undefined
  /** The address of the other end of the connection, without a port; undefined where the framework does not know it. */
  readonly peer: string | undefined
  /** All lines of a header field, in order; `name` in lower case. */
  lines(name: string): readonly string[]
  /** Every field once, by its name in lower case; several lines are joined. */
  all(): Record<string, string>
}

/** A request of node:http, as Express, Fastify and Koa have it. `path` where a router has shortened `url`. */
export class NodeRequestView implements RequestView {
  constructor(
    private readonly message: IncomingMessage,
    readonly path: string = message.url ?? '/',
  ) {}

  get method(): string {
    return this.message.method ?? 'GET'
  }

  get host(): string | undefined {
    return this.message.headers.host ?? (this.message.headers as Record<string, string | undefined>)[':authority']
  }

  get peer(): string | undefined {
    return this.message.socket?.remoteAddress
  }

  lines(name: string): readonly string[] {
    const raw = this.message.rawHeaders
    const found: string[] = []
    for (let at = 0; at + 1 < raw.length; at += 2) {
      if (raw[at]!.length === name.length && raw[at]!.toLowerCase() === name) found.push(raw[at + 1]!)
    }
    return found
  }

  all(): Record<string, string> {
    const fields: Record<string, string> = {}
    for (const [name, value] of Object.entries(this.message.headers)) {
      if (value === undefined || name.startsWith(':')) continue
      fields[name] = typeof value === 'string' ? value : value.join(', ')
    }
    return fields
  }
}
