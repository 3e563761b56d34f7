// After several failures in a row the service is not asked for a while, so that requests do not wait for it in vain.

export interface BreakerOptions {
  /** So many failures in a row open it (5). */
  failures?: number
  /** For so long nothing is asked (1000 ms); then one question tries. */
  pauseMs?: number
}

export class Breaker {
  private inARow = 0
  private closedAgainMs = 0
  private trying = false

  /** With `failures` 0 it never opens. */
  constructor(
    private readonly failures: number,
    private readonly pauseMs: number,
  ) {}

  /** Whether a question may be asked now. While open, one may try after each pause. */
  admits(nowMs: number): boolean {
    if (this.failures === 0 || this.inARow < this.failures) return true
    if (this.trying || nowMs < this.closedAgainMs) return false
    this.trying = true
    return true
  }

  succeeded(): void {
    this.inARow = 0
    this.trying = false
  }

  failed(nowMs: number): void {
    this.inARow++
    this.trying = false
    this.closedAgainMs = nowMs + this.pauseMs
  }
}
