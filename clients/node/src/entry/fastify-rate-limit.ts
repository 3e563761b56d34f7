// A store for @fastify/rate-limit 10 and newer (9 gives other arguments): app.register(rateLimit, { max, timeWindow, store: rateGuardStore({ client }) }).
import type { OnFailure, RateGuard } from '../client.js'
import { HitCounter } from '../hits.js'
import { OptionError, checkNames, oneOf } from '../options.js'

export interface StoreOptions {
  /** With transport `http`. */
  client: RateGuard
  /** The beginning of its keys ("fastify-rate-limit-"); plugins that count apart need different ones. */
  prefix?: string
  /** While the service does not answer: `open` counts nothing, `closed` refuses. The client's where absent. */
  onFailure?: OnFailure
}

type Done = (error: Error | null, result?: { current: number; ttl: number }) => void

/** What the plugin calls. */
export interface FastifyRateLimitStore {
  incr(key: string, done: Done, timeWindow?: number, max?: number): void
  read(key: string, done: Done, timeWindow?: number, max?: number): void
  child(routeOptions: object): FastifyRateLimitStore
}

interface PluginOptions {
  continueExceeding?: boolean
  exponentialBackoff?: boolean
  routeInfo?: { method?: string | string[]; url?: string }
}

/** The store's class, which the plugin makes for itself and for each route. Fails with OptionError for a wrong option, naming it. */
export function rateGuardStore(options: StoreOptions): new (plugin?: object, prefix?: string) => FastifyRateLimitStore {
  checkNames(options, ['client', 'prefix', 'onFailure'])
  if (options.prefix !== undefined && typeof options.prefix !== 'string') throw new OptionError('prefix', options.prefix, 'text')
  const hits = new HitCounter(options.client, options.onFailure === undefined ? undefined : oneOf<OnFailure>('onFailure', options.onFailure, ['open', 'closed'], 'open'))
  const refuseUnsupported = (plugin: PluginOptions): void => {
    for (const name of ['continueExceeding', 'exponentialBackoff'] as const) {
      if (plugin[name]) throw new OptionError(name, true, 'false: windows of RateGuard are not prolonged by refused requests')
    }
  }

  const count = (key: string, cost: number, done: Done, timeWindow: number, max: number): void => {
    void hits.add(key, cost, timeWindow).then((found) => {
      if (found) done(null, { current: found.count, ttl: found.count === 0 ? 0 : found.resetMs })
      else if (hits.open) done(null, { current: cost, ttl: timeWindow })
      else done(null, { current: max + 1, ttl: 1000 })
    })
  }

  return class RateGuardStore implements FastifyRateLimitStore {
    private readonly prefix: string

    constructor(plugin: PluginOptions = {}, prefix = options.prefix ?? 'fastify-rate-limit-') {
      refuseUnsupported(plugin)
      this.prefix = prefix
    }

    incr(key: string, done: Done, timeWindow = 60_000, max = 1000): void {
      count(this.prefix + key, 1, done, timeWindow, max)
    }

    read(key: string, done: Done, timeWindow = 60_000, max = 1000): void {
      count(this.prefix + key, 0, done, timeWindow, max)
    }

    child(route: PluginOptions): FastifyRateLimitStore {
      return new RateGuardStore(route, `${this.prefix}${route.routeInfo?.method ?? ''}${route.routeInfo?.url ?? ''}-`)
    }
  }
}
