// Key functions: whom a call site counts by.
import { type Address, TrustedProxies, countedBy, parseAddress } from './address.js'
import { OptionError, whole } from './options.js'
import type { RequestView } from './request.js'

/** Whom a request counts for; undefined or '' where it lacks that. */
export type KeyFunction<Request> = (request: Request, view: RequestView) => string | readonly string[] | undefined

export interface AddressOptions {
  /** Whose word about addresses is believed, such as ["10.0.0.0/8"]; nobody's by default. */
  trustedProxies?: readonly string[]
  /** IPv6 callers count by so many bits of their address (64). */
  ipv6Prefix?: number
}

/** Finds the caller's address behind trusted proxies. */
export class AddressFinder {
  private readonly proxies: TrustedProxies
  readonly ipv6Prefix: number

  constructor(options: AddressOptions = {}) {
    this.proxies = new TrustedProxies(options.trustedProxies)
    this.ipv6Prefix = whole('ipv6Prefix', options.ipv6Prefix, 64, 1, 128)
  }

  find(view: RequestView): Address | undefined {
    const peer = view.peer === undefined ? undefined : parseAddress(view.peer.replace(/%.*$/, ''))
    if (peer === undefined || !this.proxies.contains(peer)) return peer
    return this.proxies.caller(peer, view.lines('x-forwarded-for'), view.lines('forwarded'))
  }
}

/** By the caller's address: IPv4 whole, IPv6 by its /64, behind trusted proxies. */
export function byAddress(options: AddressOptions = {}): KeyFunction<unknown> {
  const finder = new AddressFinder(options)
  return (_request, view) => {
    const address = finder.find(view)
    return address === undefined ? undefined : countedBy(address, finder.ipv6Prefix)
  }
}

/** By the first field of that name. Whoever may send any value has as many limits as it can think of names. */
export function byHeader(name: string): KeyFunction<unknown> {
  if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) throw new OptionError('byHeader', name, 'the name of a header field')
  const lower = name.toLowerCase()
  return (_request, view) => view.lines(lower)[0]?.trim()
}

/** By X-API-Key, or else the one `Authorization: Bearer`. */
export function byApiKey(): KeyFunction<unknown> {
  return (_request, view) => {
    const key = view.lines('x-api-key')[0]?.trim()
    if (key) return key
    const [line, second] = view.lines('authorization')
    return second === undefined ? /^bearer +(\S+)\s*$/i.exec(line ?? '')?.[1] : undefined
  }
}
