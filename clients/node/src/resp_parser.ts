// Reads answers of the Redis protocol (RESP2) from a stream of bytes.

export type Reply = number | string | null | ReplyError | Reply[]

export class ReplyError {
  constructor(readonly message: string) {}
}

// No answer to our commands comes near these; beyond them it is something else that speaks.
const LINE_BYTES_MAX = 4096
const BULK_BYTES_MAX = 65_536
const ELEMENTS_MAX = 256
const DEPTH_MAX = 4

const INCOMPLETE = Symbol('incomplete')

/** Thrown by feed() for bytes that are not RESP. */
export class ProtocolError extends Error {}

export class ReplyParser {
  private buffer: Buffer = Buffer.alloc(0)
  private at = 0

  /** The replies that `chunk` completes, in order. */
  feed(chunk: Buffer): Reply[] {
    this.buffer = this.at < this.buffer.length ? Buffer.concat([this.buffer.subarray(this.at), chunk]) : chunk
    this.at = 0
    const replies: Reply[] = []
    for (;;) {
      const start = this.at
      const reply = this.at < this.buffer.length ? this.reply(0) : INCOMPLETE
      if (reply === INCOMPLETE) {
        this.at = start
        return replies
      }
      replies.push(reply)
    }
  }

  private reply(depth: number): Reply | typeof INCOMPLETE {
    const end = this.buffer.indexOf('\r\n', this.at, 'latin1')
    if (end < 0 || end - this.at > LINE_BYTES_MAX) {
      if (this.buffer.length - this.at > LINE_BYTES_MAX) throw new ProtocolError('a line is too long')
      if (!'+-:$*'.includes(String.fromCharCode(this.buffer[this.at]!))) throw new ProtocolError('not the Redis protocol')
      return INCOMPLETE
    }
    const kind = this.buffer[this.at]!
    const line = this.buffer.toString('utf8', this.at + 1, end)
    this.at = end + 2
    switch (kind) {
      case 0x2b: return line
      case 0x2d: return new ReplyError(line)
      case 0x3a: return whole(line)
      case 0x24: return this.bulk(whole(line))
      case 0x2a: return this.array(whole(line), depth)
      default: throw new ProtocolError('not the Redis protocol')
    }
  }

  private bulk(length: number): Reply | typeof INCOMPLETE {
    if (length === -1) return null
    if (length < 0 || length > BULK_BYTES_MAX) throw new ProtocolError('a string is too long')
    if (this.buffer.length < this.at + length + 2) return INCOMPLETE
    const text = this.buffer.toString('utf8', this.at, this.at + length)
    this.at += length + 2
    return text
  }

  private array(length: number, depth: number): Reply | typeof INCOMPLETE {
    if (length === -1) return null
    if (length < 0 || length > ELEMENTS_MAX || depth >= DEPTH_MAX) throw new ProtocolError('an array is too large')
    const elements: Reply[] = []
    for (let index = 0; index < length; index++) {
      const element = this.at < this.buffer.length ? this.reply(depth + 1) : INCOMPLETE
      if (element === INCOMPLETE) return INCOMPLETE
      elements.push(element)
    }
    return elements
  }
}

function whole(line: string): number {
  if (!/^-?\d{1,19}$/.test(line)) throw new ProtocolError('not the Redis protocol')
  return Number(line)
}
