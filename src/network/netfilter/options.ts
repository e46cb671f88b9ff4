/** What extensions of iptables say about their options, and what a command line gave for them. */

/** A command line that iptables would refuse. */
export class UsageError extends Error {
  readonly exitCode: number
  /** Followed by "Try `iptables -h'…". */
  readonly help: boolean
  /** Without 'iptables v1.8.9 (nf_tables): ' before it. */
  readonly bare: boolean

  constructor(message: string, how: { readonly exitCode?: number; readonly help?: boolean; readonly bare?: boolean } = {}) {
    super(message)
    this.exitCode = how.exitCode ?? 2
    this.help = how.help ?? true
    this.bare = how.bare ?? false
  }
}

export interface OptionSpec {
  /** How many values it takes; default 1. */
  readonly values?: 0 | 1 | 2
  readonly invertible?: boolean
  /** The option that it is another name of. */
  readonly same?: string
  /** Said when it is given twice. */
  readonly twice?: string
}
/** By name without dashes. */
export type OptionTable = { readonly [option: string]: OptionSpec }

interface GivenOption {
  readonly values: readonly string[]
  readonly inverted: boolean
}

/** The options that a command line gave to one extension. */
export class Given {
  /** Name of the extension, for messages. */
  readonly extension: string
  readonly family: 4 | 6
  private readonly protocolOf: () => string
  private readonly options = new Map<string, GivenOption>()

  constructor(extension: string, family: 4 | 6, protocolOf: () => string) {
    this.extension = extension
    this.family = family
    this.protocolOf = protocolOf
  }

  /** -p of the rule as a name, '' when none or inverted. */
  get protocol(): string {
    return this.protocolOf()
  }

  add(option: string, values: readonly string[], inverted: boolean): void {
    this.options.set(option, { values, inverted })
  }

  has(option: string): boolean {
    return this.options.has(option)
  }

  inverted(option: string): boolean {
    return this.options.get(option)?.inverted ?? false
  }

  text(option: string): string | undefined {
    return this.options.get(option)?.values[0]
  }

  second(option: string): string {
    return this.options.get(option)?.values[1] ?? ''
  }

  /** The value of an option that must be there. */
  required(option: string): string {
    const value = this.text(option)
    if (value === undefined) throw new UsageError(`${this.extension}: option "--${option}" must be specified\n`)
    return value
  }

  /** A whole number, decimal, octal or hexadecimal; undefined when the option was not given. */
  integer(option: string, from = 0, to = 0xffffffff): number | undefined {
    const text = this.text(option)
    if (text === undefined) return undefined
    const value = parseInteger(text)
    if (value === undefined || value < from || value > to) {
      const range = from === 0 && to === 0xffffffff ? '' : ` (${from}-${to})`
      throw new UsageError(
        `${this.extension}: bad ${range ? '' : 'integer '}value for option "--${option}", or out of range${range}.\n`,
      )
    }
    return value
  }

  /** Value and mask of `value[/mask]`; the mask is all ones unless given. */
  masked(option: string): { readonly value: number; readonly mask: number } | undefined {
    const text = this.text(option)
    if (text === undefined) return undefined
    const [value, mask] = text.split('/').map(parseInteger)
    if (value === undefined || (mask === undefined && text.includes('/'))) {
      throw new UsageError(`${this.extension}: bad integer value for option "--${option}", or out of range.\n`)
    }
    return { value, mask: mask ?? 0xffffffff }
  }

  /** A name that may stand after '!'. */
  name(option: string): { readonly name: string; readonly inverted: boolean } | undefined {
    const text = this.text(option)
    return text === undefined ? undefined : { name: text, inverted: this.inverted(option) }
  }

  /** Of options that exclude one another, the one that was given. */
  oneOf(...options: readonly string[]): string | undefined {
    const given = options.filter((option) => this.has(option))
    if (given.length > 1) {
      throw new UsageError(`${this.extension}: option "--${given[0]}" cannot be used together with "--${given[1]}".\n`)
    }
    return given[0]
  }
}

/** Reads '10', '0x4000' or '017'; undefined when it is none or does not fit 32 bits. */
export function parseInteger(text: string): number | undefined {
  if (!/^(0x[0-9a-f]+|\d+)$/i.test(text)) return undefined
  const value = /^0\d/.test(text) ? parseInt(text, 8) : Number(text)
  return Number.isSafeInteger(value) && value <= 0xffffffff ? value : undefined
}
