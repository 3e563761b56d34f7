// Who is calling: the client's address behind trusted proxies, as docs/identity.md of RateGuard describes it.
import { OptionError } from './options.js'

/** An address as 16 bytes in a bigint: IPv4 is IPv4-mapped, so that one comparison serves both. */
export type Address = bigint

interface Network {
  address: bigint
  bits: number
}

const MAPPED = 0xffffn << 32n
const MAPPED_END = MAPPED | 0xffff_ffffn
// NAT64's well-known prefix (RFC 6052): the address inside is the caller's.
const NAT64 = 0x64_ff9bn << 96n
// Hops that are looked at: a bound against headers made to be slow.
const HOPS_MAX = 64

export const isIPv4 = (address: Address): boolean => address >= MAPPED && address <= MAPPED_END

function parseIPv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return MAPPED | BigInt(value)
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = (half: string): bigint[] | undefined => {
    if (half === '') return []
    const found: bigint[] = []
    const parts = half.split(':')
    for (const [index, part] of parts.entries()) {
      if (index === parts.length - 1 && part.includes('.')) {
        const inside = parseIPv4(part)
        if (inside === undefined) return undefined
        found.push((inside >> 16n) & 0xffffn, inside & 0xffffn)
      } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) found.push(BigInt(`0x${part}`))
      else return undefined
    }
    return found
  }
  const left = groups(halves[0]!)
  const right = halves.length === 2 ? groups(halves[1]!) : []
  if (!left || !right) return undefined
  if (halves[0]!.includes('.') && halves.length === 2) return undefined // an IPv4 tail stands at the end only
  const gap = 8 - left.length - right.length
  if (halves.length === 2 ? gap < 1 : gap !== 0) return undefined
  return [...left, ...Array<bigint>(gap).fill(0n), ...right].reduce((value, group) => (value << 16n) | group, 0n)
}

/** Reads an address without port or zone; undefined for what is none. */
export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text)
}

const PORT = /^:(\d{1,5}|_[A-Za-z0-9._-]+)$/

/** A hop: "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", and IPv6 without brackets. Undefined: it names no address. */
function parseHop(text: string): Address | undefined {
  const bare = !text.startsWith('[') && text.split(':').length > 2
  if (bare) return parseIPv6(text)
  const bracketed = /^\[([^\]]*)\](.*)$/s.exec(text)
  const [host, port] = bracketed ? [bracketed[1]!, bracketed[2]!] : [text.split(':')[0]!, text.slice(text.split(':')[0]!.length)]
  if (port !== '' && !PORT.test(port)) return undefined
  return bracketed ? parseIPv6(host) : parseIPv4(host)
}

/** The text by which an address is counted: IPv4 whole, IPv6 cut to `ipv6Prefix` bits. */
export function countedBy(address: Address, ipv6Prefix: number): string {
  if (address >> 32n === NAT64 >> 32n) address = MAPPED | (address & 0xffff_ffffn)
  if (isIPv4(address)) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')
  const drop = BigInt(128 - ipv6Prefix)
  return formatIPv6((address >> drop) << drop)
}

/** RFC 5952: lower case, the first longest run of at least two zero groups as "::". */
function formatIPv6(address: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (address >> BigInt(112 - 16 * index)) & 0xffffn)
  let start = -1
  let length = 1
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0n) to++
    if (to - from > length) [start, length] = [from, to - from]
  }
  const text = (some: bigint[]): string => some.map((group) => group.toString(16)).join(':')
  return start < 0 ? text(groups) : `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`
}

function parseNetwork(text: unknown, option: string): Network {
  const [base, bits, ...rest] = typeof text === 'string' ? text.split('/') : []
  const address = base === undefined ? undefined : parseAddress(base)
  const family = base?.includes(':') ? 128 : 32
  const length = bits === undefined ? family : /^\d{1,3}$/.test(bits) ? Number(bits) : 999
  if (address === undefined || rest.length > 0 || length > family) throw new OptionError(option, text, 'an address or a network such as "10.0.0.0/8"')
  const whole = family === 32 ? length + 96 : length
  // "::/0" is everything, IPv4 among it.
  const masked = (address >> BigInt(128 - whole)) << BigInt(128 - whole)
  if (masked !== address) throw new OptionError(option, text, 'a network without bits behind its prefix')
  return { address, bits: whole }
}

export class TrustedProxies {
  private readonly networks: Network[]

  /** Fails with OptionError for what is no network. */
  constructor(networks: readonly string[] | undefined, option = 'trustedProxies') {
    if (networks !== undefined && !Array.isArray(networks)) throw new OptionError(option, networks, 'a list of networks such as ["10.0.0.0/8"]')
    this.networks = (networks ?? []).map((text) => parseNetwork(text, option))
  }

  contains(address: Address): boolean {
    return this.networks.some(({ address: base, bits }) => address >> BigInt(128 - bits) === base >> BigInt(128 - bits))
  }

  /**
   * The caller: `peer` itself unless it is trusted; else the first from the right of the forwarded addresses that is not.
   * What is unreadable ends the walk at the last good address, and fields that contradict each other leave it at the peer.
   * `xForwardedFor` and `forwarded` are all lines of those fields, in order.
   */
  caller(peer: Address, xForwardedFor: readonly string[], forwarded: readonly string[]): Address {
    if (!this.contains(peer)) return peer
    const plain = this.walk(peer, xForwardedFor, listHops)
    const standard = this.walk(peer, forwarded, forwardedHops)
    if (plain === undefined || standard === undefined) return plain ?? standard ?? peer
    return plain === standard ? plain : peer
  }

  /** Undefined where the lines say nothing. */
  private walk(peer: Address, lines: readonly string[], hopsOf: (line: string) => Hop[]): Address | undefined {
    if (!lines.some((line) => /[^,\s]/.test(line))) return undefined
    let caller = peer
    let looked = 0
    for (const line of [...lines].reverse()) {
      for (const hop of hopsOf(line).reverse()) {
        if (++looked > HOPS_MAX) return caller
        if (hop === 'empty') continue
        if (hop === undefined) return caller
        caller = hop
        if (!this.contains(caller)) return caller
      }
    }
    return caller
  }
}

/** An address; 'empty' for an empty element, which counts as a hop and says nothing; undefined for what is no address. */
type Hop = Address | 'empty' | undefined

// The proxies next to us wrote the end of a line. What is further left than this is not looked at.
const LIST_CHARACTERS_MAX = 128 * (HOPS_MAX + 1)
const ELEMENT_CHARACTERS_MAX = 128
const FORWARDED_CHARACTERS_MAX = 8192

function listHops(line: string): Hop[] {
  return line
    .slice(-LIST_CHARACTERS_MAX)
    .split(',')
    .slice(-HOPS_MAX - 1)
    .map((element) => {
      if (element.length >= ELEMENT_CHARACTERS_MAX) return undefined
      const text = element.trim()
      return text === '' ? 'empty' : parseHop(text)
    })
}

function forwardedHops(line: string): Hop[] {
  if (line.length > FORWARDED_CHARACTERS_MAX) return [undefined]
  const elements = split(line, ',')
  if (elements === undefined) return [undefined]
  return elements.filter((element) => element !== '').map(forwardedHop)
}

/** The parts between separators outside of quotes, trimmed; undefined where a quoted string does not close. */
function split(text: string, separator: string): string[] | undefined {
  const parts: string[] = []
  let start = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    if (quoted && text[at] === '\\') at++
    else if (text[at] === '"') quoted = !quoted
    else if (text[at] === separator && !quoted) {
      parts.push(text.slice(start, at).trim())
      start = at + 1
    }
  }
  return quoted ? undefined : [...parts, text.slice(start).trim()]
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const LOOSE_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z:[\]-]+$/

/** The node of the one `for=` in an element of Forwarded (RFC 7239) that is well formed. */
function forwardedHop(element: string): Hop {
  let node: string | undefined
  for (const pair of split(element, ';') ?? ['malformed']) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    if (equals < 0 || !TOKEN.test(pair.slice(0, equals))) return undefined
    const raw = pair.slice(equals + 1)
    const quoted = /^"([^"\\]*)"$/.exec(raw)
    const value = quoted ? quoted[1]! : LOOSE_TOKEN.test(raw) ? raw : undefined
    if (pair.slice(0, equals).toLowerCase() === 'for') {
      if (node !== undefined || value === undefined) return undefined
      node = value
    } else if (value === undefined && !raw.startsWith('"')) return undefined
  }
  return node === undefined ? undefined : parseHop(node)
}
