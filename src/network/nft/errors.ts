/** What nft says when something is wrong, with the place in the input that it points at. */

/** Characters of the whole input, end not included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** Aborts the whole transaction. */
export class NftError extends Error {
  readonly at: Span

  constructor(message: string, at: Span) {
    super(message)
    this.at = at
  }
}

/**
 * nft's form of an error: the message, the line of input that it is about, and a caret under what is wrong. `file` is
 * undefined for commands given as arguments, else the name that leads ('/dev/stdin').
 */
export function describeError({ message, at }: NftError, input: string, file: string | undefined): string {
  const start = input.lastIndexOf('\n', at.from - 1) + 1
  const newline = input.indexOf('\n', start)
  const line = input.slice(start, newline === -1 ? undefined : newline)
  const first = at.from - start
  const last = Math.max(Math.min(at.to - start, line.length), first + 1)
  const lineNumber = input.slice(0, start).split('\n').length
  const place = file === undefined ? '' : `${file}:${lineNumber}:${first + 1}-${last}: `
  const margin = line.slice(0, first).replaceAll(/[^\t]/g, ' ')
  return `${place}Error: ${message}\n${line}\n${margin}${'^'.repeat(last - first)}\n`
}
