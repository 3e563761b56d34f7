// Checks of options: a wrong one fails when the client, middleware or store is made, and the message names it.

/** Thrown by constructors for an option that is wrong. The message names the option, its value and what was expected. */
export class OptionError extends TypeError {
  override readonly name = 'OptionError'
  constructor(readonly option: string, value: unknown, expected: string) {
    super(`rateguard: option '${option}': expected ${expected}, not ${shown(value)}`)
  }
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'bigint') return `${value}n`
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 80 ? `${text.slice(0, 77)}...` : text
}

/** Fails for an option that is not among `known`: a misspelt one would silently do nothing. */
export function checkNames(options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) throw new OptionError(name, (options as Record<string, unknown>)[name], `no such option; known are ${known.join(', ')}`)
  }
}

export function positive(name: string, value: unknown, fallback: number, max = 2 ** 31 - 1): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !(value > 0) || value > max) throw new OptionError(name, value, `a number above 0, at most ${max}`)
  return value
}

export function whole(name: string, value: unknown, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) throw new OptionError(name, value, `a whole number from ${min} to ${max}`)
  return value
}

export function oneOf<T extends string>(name: string, value: unknown, choices: readonly T[], fallback: T): T {
  if (value === undefined) return fallback
  if (!choices.includes(value as T)) throw new OptionError(name, value, choices.map((choice) => `'${choice}'`).join(' or '))
  return value as T
}

export function optionalFunction<T>(name: string, value: T | undefined): T | undefined {
  if (value !== undefined && typeof value !== 'function') throw new OptionError(name, value, 'a function')
  return value
}
