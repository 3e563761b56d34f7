// What every middleware does with a request, whatever framework it came through.
import { countedBy } from './address.js'
import { type CallOptions, type OnFailure, RateGuard } from './client.js'
import { type Decision, missingIdentity } from './decision.js'
import { HEADER_STYLES, type HeaderStyle, limitHeaders, problemBody, refusalStatus } from './headers.js'
import { AddressFinder, type KeyFunction } from './keys.js'
import { type LimitParameters, windowSeconds } from './limit.js'
import { OptionError, checkNames, oneOf, optionalFunction, positive } from './options.js'
import type { RequestView } from './request.js'
import type { Facts, Question } from './transport.js'

/** The options of a call site. At most one of `rule` and `limit`; without both, every configured rule that matches is asked. */
export interface SiteOptions<Request> {
  client: RateGuard
  /** A configured rule by its name, for whom `key` names. */
  rule?: string
  /** A limit of this call site's own: "100/m", "100/10s burst 20", or the parameters of POST /check (transport `http`). */
  limit?: string | LimitParameters
  /** Whom a rule or a limit counts by; by the caller's address where absent. */
  key?: KeyFunction<Request>
  /** The caller's plan, for rules by plan. */
  plan?: (request: Request) => string | undefined
  /** Without `rule` and `limit`: what is known beyond method, path, host, address and headers. */
  facts?: (request: Request, view: RequestView) => Facts
  /** Units that a request takes (1). */
  cost?: number | ((request: Request) => number)
  /** Requests that are not counted. */
  skip?: (request: Request) => boolean
  /** Whose word about addresses is believed, such as ["10.0.0.0/8"]; nobody's by default. */
  trustedProxies?: readonly string[]
  /** IPv6 callers count by so many bits (64). */
  ipv6Prefix?: number
  /** Which header fields tell the limit (`ietf`). */
  headers?: HeaderStyle
  /** The name of `limit` in header fields and refusals (`ad_hoc`); also the beginning of its keys, so that two limits are two counters. */
  name?: string
  onFailure?: CallOptions['onFailure']
  deadlineMs?: number
}

/** What to do with a request. */
export interface Verdict {
  readonly decision: Decision
  readonly allowed: boolean
  readonly headers: readonly (readonly [string, string])[]
  /** Of a refusal. */
  readonly status: number
  readonly body: string
}

export const SITE_OPTIONS = ['client', 'rule', 'limit', 'key', 'plan', 'facts', 'cost', 'skip', 'trustedProxies', 'ipv6Prefix', 'headers', 'name', 'onFailure', 'deadlineMs', 'onRefused'] as const

export class Gate<Request> {
  private readonly client: RateGuard
  private readonly style: HeaderStyle
  private readonly name: string
  private readonly prefix: string
  private readonly finder: AddressFinder
  private readonly call: CallOptions
  private readonly windowSeconds: number | undefined

  /** Fails with OptionError for a wrong option, naming it. */
  constructor(private readonly site: SiteOptions<Request>) {
    if (typeof site !== 'object' || site === null || !(site.client instanceof RateGuard)) throw new OptionError('client', site?.client, 'a RateGuard')
    checkNames(site, SITE_OPTIONS)
    for (const name of ['key', 'plan', 'facts', 'skip'] as const) optionalFunction(name, site[name] as unknown as Function)
    if (site.rule !== undefined && (typeof site.rule !== 'string' || site.rule === '')) throw new OptionError('rule', site.rule, 'the name of a rule')
    if (site.rule !== undefined && site.limit !== undefined) throw new OptionError('limit', site.limit, "nothing beside the option 'rule'")
    if (site.facts && (site.rule !== undefined || site.limit !== undefined)) throw new OptionError('facts', site.facts, "nothing beside the options 'rule' and 'limit'")
    if (site.key && site.rule === undefined && site.limit === undefined) throw new OptionError('key', site.key, "nothing without the option 'rule' or 'limit': the matching rules say whom they count by")
    if (site.name !== undefined && (typeof site.name !== 'string' || !/^[\x20-\x7e]{1,64}$/.test(site.name))) throw new OptionError('name', site.name, '1 to 64 ASCII characters')
    if (site.cost !== undefined && typeof site.cost !== 'function' && !Number.isSafeInteger(site.cost)) throw new OptionError('cost', site.cost, 'a whole number or a function')
    this.client = site.client
    this.client.transport.check(this.isFacts() ? { facts: {} } : { rule: site.rule, limit: site.limit })
    this.style = oneOf('headers', site.headers, HEADER_STYLES, 'ietf')
    this.name = site.name ?? 'ad_hoc'
    this.prefix = site.limit !== undefined && site.name !== undefined ? `${site.name}:` : ''
    this.finder = new AddressFinder(site)
    this.windowSeconds = windowSeconds(site.limit)
    this.call = {
      onFailure: oneOf<OnFailure>('onFailure', site.onFailure, ['open', 'closed'], this.client.onFailure),
      deadlineMs: positive('deadlineMs', site.deadlineMs, this.client.deadlineMs),
    }
  }

  /** Never rejects. Undefined: the request is not counted. */
  async decide(request: Request, view: RequestView): Promise<Verdict | undefined> {
    let decision: Decision
    try {
      if (this.site.skip?.(request)) return undefined
      const question = this.question(request, view)
      decision = question === undefined ? this.client.counted(missingIdentity('key')) : await this.client.check(question, this.call)
    } catch (error) {
      decision = this.client.fail('caller', `a function of the middleware's options failed: ${String(error)}`, this.call)
    }
    return this.verdict(decision)
  }

  /** Gives the hold of an admitted request back, if it has one. */
  done(verdict: Verdict | undefined): void {
    if (verdict?.decision.hold !== undefined) void this.client.release(verdict.decision.hold)
  }

  private isFacts(): boolean {
    return this.site.rule === undefined && this.site.limit === undefined
  }

  private verdict(decision: Decision): Verdict {
    const headers = limitHeaders(decision, this.style, this.name, this.windowSeconds)
    if (decision.allowed) return { decision, allowed: true, headers, status: 200, body: '' }
    const status = refusalStatus(decision)
    return { decision, allowed: false, headers, status, body: problemBody(decision, status, this.name) }
  }

  /** Undefined where the request lacks what it counts by. */
  private question(request: Request, view: RequestView): Question | undefined {
    const { site } = this
    const cost = typeof site.cost === 'function' ? site.cost(request) : site.cost
    if (cost !== undefined && !Number.isSafeInteger(cost)) throw new Error(`cost ${cost} is no whole number`)
    if (this.isFacts()) return { facts: this.facts(request, view), cost }
    const key = site.key ? site.key(request, view) : this.address(view)
    if (key === undefined || key === '' || key.length === 0) return undefined
    const plan = site.plan?.(request)
    return { rule: site.rule, limit: site.limit, key: this.counted(key), ...(plan !== undefined && { plan }), ...(cost !== undefined && { cost }) }
  }

  private counted(key: string | readonly string[]): string | readonly string[] {
    return this.prefix === '' ? key : this.prefix + String(key)
  }

  private address(view: RequestView): string | undefined {
    const address = this.finder.find(view)
    return address === undefined ? undefined : countedBy(address, this.finder.ipv6Prefix)
  }

  private facts(request: Request, view: RequestView): Facts {
    const headers = view.all()
    // Read here already: the service must not believe them once more.
    delete headers['x-forwarded-for']
    delete headers['forwarded']
    const address = this.finder.find(view)
    const known: Facts = { method: view.method, path: view.path, headers }
    if (view.host !== undefined) known.host = view.host
    if (address !== undefined) known.ip = countedBy(address, 128)
    return this.site.facts ? { ...known, ...this.site.facts(request, view) } : known
  }
}
