// What is said to the log: an outage once when it begins and once when it ends, a mistake once.
import type { Failure } from './decision.js'

const OUTAGES: readonly Failure[] = ['unreachable', 'deadline', 'nonsense', 'unavailable']
// Between two outages that are told of, so that a service that comes and goes does not fill the log.
const QUIET_MS = 60_000
// Different mistakes that are told of.
const MISTAKES_MAX = 32

export class Notices {
  private readonly mistakes = new Set<string>()
  private outage = false
  private told = false
  private toldMs = -Infinity
  private undecided = 0

  constructor(
    private readonly log: (message: string) => void,
    private readonly service: string,
  ) {}

  failed(failure: Failure, detail: string, outcome: string, nowMs: number): void {
    if (OUTAGES.includes(failure)) return this.outageBegins(detail, outcome, nowMs)
    if (failure === 'paused') {
      this.undecided++
      return
    }
    const text = `${detail}; ${outcome}`
    if (this.mistakes.has(text) || this.mistakes.size >= MISTAKES_MAX) return
    this.mistakes.add(text)
    this.say(text)
  }

  answered(): void {
    if (!this.outage) return
    if (this.told) this.say(`answers again; ${this.undecided} requests were decided without it`)
    this.outage = this.told = false
    this.undecided = 0
  }

  private outageBegins(detail: string, outcome: string, nowMs: number): void {
    this.undecided++
    if (this.outage) return
    this.outage = true
    if (nowMs - this.toldMs < QUIET_MS) return
    this.told = true
    this.toldMs = nowMs
    this.say(`${detail}; until it answers, ${outcome}`)
  }

  private say(text: string): void {
    try {
      this.log(`rateguard: ${this.service}: ${text}`)
    } catch {
      // A log that fails must not fail the request.
    }
  }
}
